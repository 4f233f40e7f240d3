"""A database of notes for tests of the agent's SQLite rooms: a path in, an open database and small jobs out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.seams.clock import VirtualClock
from edge_agent.database import Connection, Database, DatabaseOptions, Schema
from edge_agent.executor import Executor

NOTES = Schema("notes", ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, filler BLOB);",))
OPTIONS = DatabaseOptions(reserve_bytes=0)


@asynccontextmanager
async def opened(
    path: Path,
    executor: Executor,
    options: DatabaseOptions = OPTIONS,
    *,
    schema: Schema = NOTES,
    clock: VirtualClock | None = None,
) -> AsyncIterator[Database]:
    database = await Database.open(path, executor, clock or VirtualClock(), [schema], options)
    try:
        yield database
    finally:
        await database.close()


def note(text: str, size: int = 0) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        return (
            connection.execute("INSERT INTO note (text, filler) VALUES (?, zeroblob(?))", (text, size)).lastrowid or 0
        )

    return work


def texts(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT text FROM note ORDER BY id")]
