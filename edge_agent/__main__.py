"""The console script `edge-agent`: words in, one command of `edge_agent.commands` called; nothing heavy is imported for `--help`.

Exit codes: 0 done, 1 it could not be done (one sentence says why and what next), 2 the command was not understood.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from edge_agent.commands.index import COMMANDS


class _Commands(click.Group):
    """Loads a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a box's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List names and what they do without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, _, sentence) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=None,
    help="Settings file (agent.toml); without it TILLSTREAM_EDGE_CONFIG, defaults and TILLSTREAM_EDGE_* variables hold.",
)
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Tillstream's edge agent: takes a store's sales, keeps them safe, and streams them to the core."""
    ctx.obj = config


if __name__ == "__main__":
    main(prog_name="edge-agent")
