"""What `edge-agent` can be told: names in the order of a box's life, where each stands, and its sentence for `--help`."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str, str]] = {
    "enrol": (
        "edge_agent.commands.enrolling",
        "enrol",
        "Make this box the agent of a store, with a join token from the core.",
    ),
    "run": ("edge_agent.commands.running", "run", "Open the doors to the tills and stay connected to the core."),
    "status": ("edge_agent.commands.inspecting", "status", "Tell how the running agent does."),
    "doctor": ("edge_agent.commands.inspecting", "doctor", "Look for what is wrong with this box, and say what to do."),
    "check-config": (
        "edge_agent.commands.inspecting",
        "check_config",
        "Check the settings and show them; all errors at once.",
    ),
    "journal": ("edge_agent.commands.journal", "journal", "Look into the journal, verify it, carry it to another box."),
    "service-unit": ("edge_agent.commands.inspecting", "service_unit", "Print a systemd unit that runs the agent."),
    "version": ("edge_agent.commands.inspecting", "version", "Print the version."),
}
"""Name -> (module, attribute, sentence)."""
