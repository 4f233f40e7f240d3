"""The console script `core-service`: words in, one command of `core_service.commands` called; nothing heavy is imported for `--help`."""

from __future__ import annotations

from pathlib import Path

import click

from adapters.lazy_commands import LazyCommands
from core_service.commands.index import COMMANDS


class _Commands(LazyCommands):
    """In the order of a person's first day."""

    table = COMMANDS


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=None,
    help="Settings file (core.toml); without it defaults and TILLSTREAM_CORE_* variables hold.",
)
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Tillstream's central core: every sale, return, count and order becomes one governed record."""
    from adapters.errors import TillstreamError
    from core_service.commands.surroundings import fail, surroundings

    try:
        ctx.obj = surroundings(config)
    except TillstreamError as error:
        fail(error)


if __name__ == "__main__":
    main(prog_name="core-service")
