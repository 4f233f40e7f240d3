"""One `agent.db`: plain functions over a connection in, their results out once they are durable; one writer, group commit.

    write(fn) --> queue (bounded) --> writer task: BEGIN, the jobs, COMMIT with fsync --> futures resolve
    read(fn)  --> second connection, one snapshot a call

Nothing resolves before the commit's fsync; sixty-four waiters share one. Whole jobs cross to the connection's thread at once: two
thread hops a commit for all of its jobs, where aiosqlite takes two for each statement of each job.

SQLite 3.7.0-3.51.2 may corrupt a file when two connections reset the WAL at the same moment; here only the writer checkpoints, and
`doctor` names the version.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from adapters.errors import Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from edge_agent import database_failure, database_file
from edge_agent.database_connections import Connection, Connections
from edge_agent.database_file import Reserve, Schema
from edge_agent.executor import Executor
from edge_agent.group_commit import DatabaseOptions, GroupCommit, Job

__all__ = ["Connection", "Database", "DatabaseOptions", "Schema"]

T = TypeVar("T")


class Database:
    """The agent's durable store. Make it with `open`, end it with `close`."""

    def __init__(self, connections: Connections, writer: GroupCommit, options: DatabaseOptions) -> None:
        self._connections = connections
        self._writer = writer
        self._options = options
        self._reads = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        executor: Executor,
        clock: Clock,
        schemas: Sequence[Schema],
        options: DatabaseOptions | None = None,
    ) -> Database:
        """Lock, open, check and migrate the file, making it when it is not there.

        Raises Permanent(JOURNAL_LOCKED | JOURNAL_NOT_DURABLE | MIGRATION_NEEDED | JOURNAL_UNAVAILABLE).
        """
        options = options or DatabaseOptions()
        connections = Connections(path, executor, schemas, options.connect)
        try:
            await connections.open()
        except BaseException as error:
            await connections.close()
            failure = database_failure.cannot_open(path, error)
            if failure is error:
                raise
            raise failure from error
        writer = GroupCommit(connections, Reserve(path.with_suffix(".reserve"), options.reserve_bytes), clock, options)
        await writer.make_reserve()
        database = cls(connections, writer, options)
        database._task = asyncio.create_task(writer.serve(), name="journal-writer")
        return database

    async def write(
        self,
        work: Callable[[Connection], T],
        *,
        committed: Callable[[T], None] | None = None,
        housekeeping: bool = False,
    ) -> T:
        """Run `work` in the next transaction and return its result once it is durable; `work` may be run again, when another job failed.

        `committed` is called with the result after the commit, in the order of the jobs, even when the caller has gone. `housekeeping`
        goes on while the disk is full. Raises what `work` raised, or Transient(OVERLOADED | DISK_FULL | JOURNAL_UNAVAILABLE): nothing
        was kept then. A cancelled caller does not know.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writer.put(Job(work, committed, housekeeping, future))
        return await future

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one snapshot of what is committed. Raises Transient(OVERLOADED | JOURNAL_UNAVAILABLE)."""
        if self._reads >= self._options.queued_jobs:
            raise Transient(
                Reason.OVERLOADED, "Too many questions wait for the disk: ask again in a moment.", retry_after=1.0
            )
        self._reads += 1
        try:
            return await self._connections.read(work)
        except sqlite3.Error as error:
            raise database_failure.translated(error) from error
        finally:
            self._reads -= 1

    @property
    def full(self) -> bool:
        """Whether the disk was full at the last write and no room has been found since."""
        return self._writer.full

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._connections.path

    def on_reopened(self, hear: Callable[[], Awaitable[None]]) -> None:
        """Await `hear` whenever the file was opened anew: a commit that failed may be there after all, and nobody was told of it."""
        self._writer.on_reopened.append(hear)

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        return database_file.wal_size(self.path)

    async def close(self) -> None:
        """Commit what waits, take no more and release the file; the last connection to close writes the WAL back."""
        self._writer.stop()
        if self._task is not None:
            await self._task
        await self._connections.close()
