"""Command lines that start at once: a table of commands in, a click group out that loads a command's module only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click


class LazyCommands(click.Group):
    """A group over a table name -> (module, attribute, what it does), listed in the table's order; subclasses set `table`."""

    table: Mapping[str, tuple[str, str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None where there is no such name."""
        if cmd_name not in self.table:
            return None
        module, attribute, _ = self.table[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and what they do without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, _, sentence) in self.table.items()])
