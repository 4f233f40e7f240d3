"""The unit that starts the agent on a box."""

from __future__ import annotations

import configparser
from pathlib import Path

from edge_agent.field.service_unit import UnitPlaces, service_unit


def test_the_unit_names_program_settings_and_data():
    places = UnitPlaces(
        program=Path("/opt/tillstream/bin/edge-agent"),
        config=Path("/etc/tillstream/agent 1.toml"),
        data_dir=Path("/var/lib/tillstream"),
        user="till",
        stop_seconds=38,
    )
    parsed = configparser.ConfigParser(strict=True, interpolation=None)
    parsed.optionxform = str  # type: ignore[method-assign, assignment]
    parsed.read_string(service_unit(places))
    service = parsed["Service"]
    assert service["ExecStart"] == '/opt/tillstream/bin/edge-agent --config "/etc/tillstream/agent 1.toml" run'
    assert (service["User"], service["Restart"], service["TimeoutStopSec"]) == ("till", "always", "38")
    assert service["ReadWritePaths"] == "/var/lib/tillstream"
