"""SQLite without a thread: a path in, a connection with the methods of `aiosqlite.Connection` out, each done at once where it is awaited.

With these a store runs single-threaded and repeatable, as the deterministic simulation needs it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self


class InlineCursor:
    """A cursor whose calls are done when they are awaited."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.arraysize = 1

    @property
    def description(self) -> Any:
        """The columns of the result."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The row id of the last insert."""
        return self._cursor.lastrowid

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> InlineCursor:
        """Run a statement."""
        self._cursor.execute(operation, parameters)
        return self

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> InlineCursor:
        """Run a statement for each set of parameters."""
        self._cursor.executemany(operation, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Close the cursor."""
        self._cursor.close()


class InlineConnection:
    """A connection whose calls are done when they are awaited."""

    def __init__(self, connection: sqlite3.Connection, cursors: type[InlineCursor] = InlineCursor) -> None:
        self._connection = connection
        self._cursors = cursors

    def cursor(self) -> InlineCursor:
        """Return a cursor."""
        return self._cursors(self._connection.cursor())

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Define a function in SQL."""
        self._connection.create_function(*arguments, **options)

    async def commit(self) -> None:
        """End the transaction; what it wrote is durable."""
        self._connection.commit()

    async def rollback(self) -> None:
        """Roll back."""
        self._connection.rollback()

    async def close(self) -> None:
        """Give the file back; a transaction under way is rolled back."""
        self._connection.close()

    def stop(self) -> None:
        """Close without waiting."""
        self._connection.close()


def inline(path: Path) -> Callable[[], Awaitable[InlineConnection]]:
    """Return a factory of inline connections to a file."""

    async def connect() -> InlineConnection:
        # A busy timeout would block the one thread that could end the wait.
        return InlineConnection(sqlite3.connect(path, isolation_level=None, timeout=0))

    return connect
