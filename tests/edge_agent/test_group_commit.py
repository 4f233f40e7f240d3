"""Nothing resolves before its fsync, a failing job fails alone, and a failing disk refuses clearly and is recovered from."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import ArmedFailpoints
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent import database_file
from edge_agent.database import Connection, DatabaseOptions
from edge_agent.executor import Executor, InlineExecutor, ThreadExecutor
from tests.edge_agent.notes import OPTIONS, note, opened, texts
from tests.eventually import deadline, eventually


async def test_one_failing_job_fails_alone(tmp_path: Path, executor: Executor) -> None:
    async with opened(tmp_path / "agent.db", executor) as database:
        jobs = [database.write(note(text)) for text in ("a", "b", "a", "c")]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(result, sqlite3.IntegrityError) for result in results] == [False, False, True, False]
        assert await database.read(texts) == ["a", "b", "c"]


async def test_what_a_failing_job_had_written_is_undone_alone(tmp_path: Path, executor: Executor) -> None:
    """The other jobs of its transaction are kept, each once."""

    def half(connection: Connection) -> None:
        note("half")(connection)
        raise Permanent(Reason.FIELD_INVALID, "for the test")

    heard: list[int] = []
    async with opened(tmp_path / "agent.db", executor) as database:
        before = database.write(note("a"), committed=heard.append)
        after = database.write(note("b"), committed=heard.append)
        results = await asyncio.gather(before, database.write(half), after, return_exceptions=True)
        assert [isinstance(result, Permanent) for result in results] == [False, True, False]
        assert await database.read(texts) == ["a", "b"]
    assert heard == [1, 2]


async def test_nothing_resolves_before_the_commit(tmp_path: Path, executor: Executor) -> None:
    failpoints, held = ArmedFailpoints(), asyncio.Event()
    failpoints.arm("journal.before_commit", lambda: _hold(held))
    async with opened(tmp_path / "agent.db", executor, replace(OPTIONS, failpoints=failpoints)) as database:
        writing = asyncio.create_task(database.write(note("one")))
        await eventually(lambda: failpoints.hits.get("journal.before_commit"))
        assert not writing.done()
        assert await database.read(texts) == []
        held.set()
        await writing
        assert await database.read(texts) == ["one"]


async def _hold(event: asyncio.Event) -> None:
    await event.wait()


async def test_what_waits_shares_one_commit(tmp_path: Path, executor: Executor) -> None:
    telemetry = MemoryTelemetry()
    async with opened(tmp_path / "agent.db", executor, replace(OPTIONS, telemetry=telemetry)) as database:
        await asyncio.gather(*[database.write(note(str(number))) for number in range(100)])
    assert len(telemetry.durations["journal_commit"]) <= 2
    assert telemetry.total("journal_jobs") == 100


async def test_listeners_hear_commits_in_order_even_when_the_caller_has_gone(
    tmp_path: Path, executor: Executor
) -> None:
    failpoints, held, heard = ArmedFailpoints(), asyncio.Event(), list[int]()
    failpoints.arm("journal.before_commit", lambda: _hold(held))
    async with opened(tmp_path / "agent.db", executor, replace(OPTIONS, failpoints=failpoints)) as database:
        first = asyncio.create_task(database.write(note("one"), committed=heard.append))
        await eventually(lambda: failpoints.hits.get("journal.before_commit"))
        second = asyncio.create_task(database.write(note("two"), committed=heard.append))
        first.cancel()
        held.set()
        await second
    assert heard == [1, 2]


async def test_a_full_queue_says_overloaded_at_once(tmp_path: Path, executor: Executor) -> None:
    failpoints, held = ArmedFailpoints(), asyncio.Event()
    failpoints.arm("journal.before_commit", lambda: _hold(held))
    async with opened(
        tmp_path / "agent.db", executor, replace(OPTIONS, failpoints=failpoints, queued_jobs=2)
    ) as database:
        waiting = [asyncio.create_task(database.write(note("0")))]
        await eventually(lambda: failpoints.hits.get("journal.before_commit"))
        waiting += [asyncio.create_task(database.write(note(str(number)))) for number in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Transient) as refused:
            await database.write(note("3"))
        held.set()
        await asyncio.gather(*waiting)
    assert refused.value.reason is Reason.OVERLOADED


class Disk:
    """A disk of so many pages: connections are limited by `max_page_count`."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.connections: list[Connection] = []

    def connect(self, path: str) -> Connection:
        connection = database_file.connect(path)
        connection.execute(f"PRAGMA max_page_count = {self.pages}")
        self.connections.append(connection)
        return connection

    def grow(self, pages: int) -> None:
        self.pages = pages
        for connection in self.connections:
            connection.execute(f"PRAGMA max_page_count = {pages}")


async def test_fault_014_a_full_disk_refuses_clearly_and_recovers_alone(tmp_path: Path) -> None:
    """Nothing is acknowledged that is not kept; the reserve is given back for housekeeping and made again."""
    disk, clock, telemetry = Disk(40), VirtualClock(), MemoryTelemetry()
    options = DatabaseOptions(reserve_bytes=65536, connect=disk.connect, telemetry=telemetry)
    async with opened(tmp_path / "agent.db", InlineExecutor(), options, clock=clock) as database:
        assert (tmp_path / "agent.reserve").stat().st_size == 65536
        kept: list[str] = []

        async def fill() -> None:
            for number in range(1000):
                await database.write(note(str(number), 4000))
                kept.append(str(number))

        with pytest.raises(Transient) as refused:
            await fill()
        assert refused.value.reason is Reason.DISK_FULL
        assert (database.full, (tmp_path / "agent.reserve").exists()) == (True, False)
        with pytest.raises(Transient):
            await database.write(note("refused at once"))
        assert (
            await database.write(lambda c: c.execute("DELETE FROM note WHERE id = 1").rowcount, housekeeping=True) == 1
        )
        assert await database.read(texts) == kept[1:]
        disk.grow(1000)
        clock.advance(2)
        await database.write(note("again", 4000))
        assert await database.read(texts) == [*kept[1:], "again"]
        assert (database.full, (tmp_path / "agent.reserve").exists()) == (False, True)
    assert telemetry.gauges["journal_disk_full", ()] == 0


class Brittle(sqlite3.Connection):
    """A connection whose next COMMIT or two fail as a disk does."""

    failing = 0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "COMMIT" and Brittle.failing:
            Brittle.failing -= 1
            super().execute("ROLLBACK")
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        return super().execute(sql, *parameters)


async def test_fault_012_a_failed_fsync_acknowledges_nothing_and_opens_anew(tmp_path: Path, executor: Executor) -> None:
    telemetry, made = MemoryTelemetry(), list[Connection]()

    def connect(path: str) -> Connection:
        made.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Brittle))
        return made[-1]

    async with opened(
        tmp_path / "agent.db", executor, replace(OPTIONS, connect=connect, telemetry=telemetry)
    ) as database:
        await database.write(note("before"))
        Brittle.failing = 1
        with pytest.raises(Transient) as refused:
            await database.write(note("lost"))
        assert refused.value.reason is Reason.JOURNAL_UNAVAILABLE
        await database.write(note("after"))
        assert await database.read(texts) == ["before", "after"]
    assert len(made) == 4
    assert telemetry.counters["journal_reopened", ()] == 1


async def test_fault_015_a_long_reader_is_alarmed_and_the_wal_is_cut_after_it(tmp_path: Path) -> None:
    telemetry = MemoryTelemetry()
    options = replace(OPTIONS, telemetry=telemetry, wal_idle_bytes=4096, wal_limit_bytes=65536)
    async with opened(tmp_path / "agent.db", ThreadExecutor(), options) as database:
        await database.write(note("first"))
        reader = sqlite3.connect(tmp_path / "agent.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM note").fetchone()
        for number in range(30):
            await database.write(note(str(number), 8000))
        await eventually(lambda: telemetry.total("journal_checkpoint_blocked"))
        reader.close()
        await database.write(note("last"))
        async with deadline(5):
            await eventually(lambda: database.wal_bytes() < 65536)
