"""The two connections of a `Database`, each with its lane: a path in, one writer and one reader out, opened anew after a failure."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from adapters.errors import Transient
from adapters.reasons import Reason
from edge_agent import database_file
from edge_agent.database_file import Lock, Schema
from edge_agent.executor import Executor

T = TypeVar("T")
Connection = sqlite3.Connection


class Connections:
    """Who may touch the file, and on which thread. `connect` is how a connection is made (injected)."""

    def __init__(
        self, path: Path, executor: Executor, schemas: Sequence[Schema], connect: Callable[[str], Connection]
    ) -> None:
        self.path = path
        self._schemas = tuple(schemas)
        self._connect = connect
        self._writing = executor.lane("journal-writer")
        self._reading = executor.lane("journal-reader")
        self._lock: Lock | None = None
        self._writer: Connection | None = None
        self._reader: Connection | None = None

    async def open(self) -> None:
        """Take the lock and open both; raise Permanent with the reason when that is not possible."""
        await self._writing.run(self._take)
        await self._open_both()

    async def reopen(self) -> None:
        """Open both again after `drop` and verify the file (faults, row 12)."""
        await self._open_both(verify=True)

    async def drop(self) -> None:
        """Close both, keeping the lock: nothing that these connections believe is trusted any more."""
        await self._reading.run(self._close_reader)
        await self._writing.run(self._close_writer)

    async def close(self) -> None:
        """Close everything and let others have the file."""
        await self.drop()
        await self._writing.run(self._give_back)
        self._writing.close()
        self._reading.close()

    @property
    def is_open(self) -> bool:
        """Whether the file is open for writing."""
        return self._writer is not None

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writing connection; its transactions are its own affair."""
        return await self._writing.run(lambda: work(_opened(self._writer)))

    async def aside(self, work: Callable[[], T]) -> T:
        """Run blocking file work where the writer's statements run."""
        return await self._writing.run(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one snapshot of what is committed."""
        return await self._reading.run(lambda: _snapshot(_opened(self._reader), work))

    async def _open_both(self, *, verify: bool = False) -> None:
        def open_writer() -> None:
            writer = database_file.open_writer(self.path, self._connect, self._schemas)
            try:
                if verify:
                    database_file.verify_after_failure(writer)
            except BaseException:
                writer.close()
                raise
            self._writer = writer

        def open_reader() -> None:
            self._reader = database_file.open_reader(self.path, self._connect)

        await self._writing.run(open_writer)
        await self._reading.run(open_reader)

    def _take(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(self.path.with_name(self.path.name + ".lock"))

    def _give_back(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _snapshot(connection: Connection, work: Callable[[Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.execute("ROLLBACK")


def _opened(connection: Connection | None) -> Connection:
    if connection is None:
        raise Transient(
            Reason.JOURNAL_UNAVAILABLE, "The journal is not open now: try again in a moment.", retry_after=2.0
        )
    return connection
