"""Many rows through one statement: a statement and rows in, its text and plain tuples for the driver out.

SQLAlchemy prepares the parameters of each row by itself, which costs more than SQLite's work on it; here the statement is compiled once and
the rows go to the driver as they are (whole numbers, text, bytes and booleans need no preparing).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Dialect, Executable

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement's text with positional parameters, and how to take these from a row."""

    text: str
    take: Callable[[Row], tuple[Any, ...]]

    def parameters(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Return the rows' parameters."""
        return [self.take(row) for row in rows]


@lru_cache(maxsize=512)
def prepared(statement: Executable, dialect: Dialect, columns: tuple[str, ...]) -> Prepared:
    """Compile a statement for rows of these columns; `statement` is one of the module constants, so that this is done once."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))  # type: ignore[attr-defined]
    names = compiled.positiontup
    assert names is not None, "the driver takes positional parameters"
    constants = {name: compiled.params[name] for name in names if name not in columns}
    take = _taking(names)
    return Prepared(str(compiled), (lambda row: take(constants | row)) if constants else take)


def _taking(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    name = names[0]
    return lambda row: (row[name],)
