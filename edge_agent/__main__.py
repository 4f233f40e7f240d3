"""The console script `edge-agent`: words in, one command of `edge_agent.commands` called; nothing heavy is imported for `--help`.

Exit codes: 0 done, 1 it could not be done (one sentence says why and what next), 2 the command was not understood.
"""

from __future__ import annotations

from pathlib import Path

import click

from adapters.lazy_commands import LazyCommands
from edge_agent.commands.index import COMMANDS


class _Commands(LazyCommands):
    """In the order of a box's life."""

    table = COMMANDS


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
