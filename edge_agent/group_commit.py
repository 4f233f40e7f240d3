"""Functions over a connection in, their results out after one shared fsync: the only task that writes to `agent.db`.

What gathers while one commit syncs goes into the next. A job that fails fails alone; when the transaction itself fails, every job of it
is told so and nothing of it is kept. A job may run twice, so its function must depend on nothing but the connection.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.errors import Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints, NoFailpoints
from adapters.seams.telemetry import NoTelemetry, Telemetry
from edge_agent import database_failure, database_file
from edge_agent.database_connections import Connection, Connections
from edge_agent.database_file import Reserve

_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """Bounds in jobs and bytes, and what a process injects. `connect` opens a connection to a path."""

    queued_jobs: int = 4096
    batch_jobs: int = 512
    reserve_bytes: int = 16 * 1024 * 1024
    wal_idle_bytes: int = 4 * 1024 * 1024
    wal_idle_commits: int = 250
    """The file of the WAL is reused, not shortened, so that its size alone would have it written back after every commit from 4 MB on."""
    wal_limit_bytes: int = 64 * 1024 * 1024
    connect: Callable[[str], Connection] = database_file.connect
    telemetry: Telemetry = field(default_factory=NoTelemetry)
    failpoints: Failpoints = field(default_factory=NoFailpoints)


@dataclass(slots=True, eq=False)
class Job:
    """Work that waits for the disk. `committed` hears the result after the commit, even when the waiter has gone."""

    work: Callable[[Connection], Any]
    committed: Callable[[Any], None] | None
    housekeeping: bool
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class GroupCommit:
    """The writer: `put` takes jobs, `serve` commits them until `stop`."""

    def __init__(self, connections: Connections, reserve: Reserve, clock: Clock, options: DatabaseOptions) -> None:
        self._connections = connections
        self._reserve = reserve
        self._clock = clock
        self._options = options
        self._queue: deque[Job] = deque()  # smell: unbounded - `put` refuses beyond `queued_jobs`
        self._wake = asyncio.Event()
        self._stopping = False
        self._commits_since_checkpoint = 0
        self._retry_at = 0.0
        self.full = False
        self.on_reopened: list[Callable[[], Awaitable[None]]] = []

    def put(self, job: Job) -> None:
        """Take a job for the next transaction; raise Transient(OVERLOADED | JOURNAL_UNAVAILABLE) instead of queueing without bound."""
        if self._stopping:
            raise Transient(
                Reason.JOURNAL_UNAVAILABLE,
                "Not accepted: the agent is stopping. Send again in a moment.",
                retry_after=2.0,
            )
        if len(self._queue) >= self._options.queued_jobs:
            sentence = f"Not accepted: {len(self._queue)} messages already wait for the disk. Send again in a moment."
            raise Transient(Reason.OVERLOADED, sentence, retry_after=1.0)
        self._queue.append(job)
        self._wake.set()

    def stop(self) -> None:
        """Take no more; `serve` returns once what waits is committed."""
        self._stopping = True
        self._wake.set()

    async def serve(self) -> None:
        """Commit what gathers until stopped."""
        while True:
            while not self._queue:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
            size = min(len(self._queue), self._options.batch_jobs)
            batch = [self._queue.popleft() for _ in range(size)]
            await self._commit([job for job in batch if not job.future.cancelled()])
            if not self._queue:
                await self._tidy()

    async def make_reserve(self) -> None:
        """Allocate the reserve file; without room for it the disk counts as full."""
        self.full = not await self._connections.aside(self._reserve.make)
        self._options.telemetry.gauge("journal_disk_full", int(self.full))

    async def _commit(self, jobs: list[Job]) -> None:
        started = self._clock.monotonic()
        try:
            await self._recover()
            jobs = self._refuse_while_full(jobs)
            if not jobs:
                return
            await self._options.failpoints.hit("journal.before_commit")
            await self._connections.write(lambda connection: _transact(connection, jobs))
            await self._options.failpoints.hit("journal.committed")
        except asyncio.CancelledError:
            _fail(
                jobs,
                Transient(
                    Reason.JOURNAL_UNAVAILABLE,
                    "Not accepted for sure: the agent was stopped. Send again.",
                    retry_after=2.0,
                ),
            )
            raise
        except Exception as error:  # noqa: BLE001 - the task's outermost edge: the waiters are told, and it is counted
            await self._failed(jobs, error)
            return
        self._commits_since_checkpoint += 1
        self._options.telemetry.observe("journal_commit", self._clock.monotonic() - started)
        self._options.telemetry.count("journal_jobs", len(jobs))
        for job in jobs:
            self._resolve(job)

    async def _failed(self, jobs: list[Job], error: Exception) -> None:
        """Nothing of the batch is kept: tell every waiter, and act on what failed."""
        self._options.telemetry.count(
            "journal_commit_failed", kind=getattr(error, "sqlite_errorname", type(error).__name__)
        )
        _fail(jobs, error)
        if database_failure.is_full(error):
            self.full = True
            self._retry_at = self._clock.monotonic() + _RETRY_SECONDS
            await self._connections.aside(self._reserve.give_back)
            self._options.telemetry.gauge("journal_disk_full", 1)
            await self._make_room()
        elif database_failure.is_out_of_reach(error):
            await self._connections.drop()

    async def _recover(self) -> None:
        """After a failed write of the file: open it anew and verify it, never just sync again (faults, row 12)."""
        if not self._connections.is_open:
            await self._connections.reopen()
            self._options.telemetry.count("journal_reopened")
            for hear in self.on_reopened:
                await hear()
        if self.full and self._clock.monotonic() >= self._retry_at:
            self._retry_at = self._clock.monotonic() + _RETRY_SECONDS
            await self._make_room()
            await self.make_reserve()

    async def _make_room(self) -> None:
        try:
            await self._connections.write(database_file.shrink)
        except sqlite3.Error as error:
            # The next try comes within a second; the disk may be too full even for this.
            self._options.telemetry.count("journal_shrink_failed", kind=getattr(error, "sqlite_errorname", ""))

    def _refuse_while_full(self, jobs: list[Job]) -> list[Job]:
        if not self.full:
            return jobs
        sentence = "Not accepted: the disk is full. Free space on the agent's data disk, then send again."
        _fail([job for job in jobs if not job.housekeeping], Transient(Reason.DISK_FULL, sentence, retry_after=5.0))
        return [job for job in jobs if job.housekeeping]

    async def _tidy(self) -> None:
        """Keep the WAL short while nobody waits, and cut it when it has grown beyond its bound."""
        size = database_file.wal_size(self._connections.path)
        self._options.telemetry.gauge("journal_wal_bytes", size)
        if not self._commits_since_checkpoint or not self._connections.is_open or not self._worth_it(size):
            return
        mode = "TRUNCATE" if size > self._options.wal_limit_bytes else "PASSIVE"
        self._commits_since_checkpoint = 0
        try:
            blocked = await self._connections.write(lambda connection: database_file.checkpoint(connection, mode))
        except sqlite3.Error as error:
            await self._failed([], error)
            return
        if blocked:
            self._options.telemetry.count("journal_checkpoint_blocked")

    def _worth_it(self, size: int) -> bool:
        if size > self._options.wal_limit_bytes:
            return True
        enough = self._commits_since_checkpoint >= self._options.wal_idle_commits
        return enough and size >= self._options.wal_idle_bytes

    def _resolve(self, job: Job) -> None:
        if job.error is not None:
            _fail([job], job.error)
            return
        if job.committed is not None:
            try:
                job.committed(job.result)
            except Exception:  # noqa: BLE001 - what is committed stays committed: the waiter gets its answer, the fault is counted
                self._options.telemetry.count("journal_listener_failed")
        if not job.future.done():
            job.future.set_result(job.result)


class _Undo(Exception):  # noqa: N818 - it asks for something, and is no error
    """A job failed after it had written: only savepoints can undo it alone."""


def _transact(connection: Connection, jobs: Sequence[Job]) -> None:
    """Run all jobs in one transaction. Savepoints cost two statements a job, so they are taken only once a job needs one."""
    try:
        _attempt(connection, jobs, _run)
    except _Undo:
        _attempt(connection, jobs, _run_in_savepoint)


def _attempt(connection: Connection, jobs: Sequence[Job], run: Callable[[Connection, Job], None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for job in jobs:
            job.error = None
            run(connection, job)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _run(connection: Connection, job: Job) -> None:
    """Run a job; one that fails before it has written anything needs no undoing."""
    before = connection.total_changes
    try:
        job.result = job.work(connection)
    except Exception as error:
        _raise_if_whole(connection, error)
        job.error = error
        if connection.total_changes != before:
            raise _Undo from error


def _run_in_savepoint(connection: Connection, job: Job) -> None:
    connection.execute("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:  # noqa: BLE001 - as in `_run`
        _raise_if_whole(connection, error)
        job.error = error
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _raise_if_whole(connection: Connection, error: Exception) -> None:
    """Let an error pass that is the transaction's and not one job's."""
    if isinstance(error, sqlite3.Error) and (
        database_failure.is_whole_transaction(error) or not connection.in_transaction
    ):
        raise error


def _fail(jobs: Sequence[Job], error: BaseException) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(database_failure.translated(error))
