"""The console script `core-service`: words in, one command of `core_service.commands` called; nothing heavy is imported for `--help`."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from core_service.commands.index import COMMANDS


class _Commands(click.Group):
    """Loads a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a person's first day."""
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
