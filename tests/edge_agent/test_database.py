"""The database resolves nothing before its fsync, fails jobs alone, refuses what it cannot make durable, and comes back by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
from edge_agent.database import Connection, Database, DatabaseOptions, Schema
from edge_agent.executor import Executor, InlineExecutor, ThreadExecutor
from tests.eventually import deadline, eventually

NOTES = Schema("notes", ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, filler BLOB);",))
OPTIONS = DatabaseOptions(reserve_bytes=0)


@pytest.fixture(params=[ThreadExecutor, InlineExecutor])
def executor(request: pytest.FixtureRequest) -> Executor:
    made: Executor = request.param()
    return made


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


async def test_what_is_written_is_read_and_survives_closing(tmp_path: Path, executor: Executor) -> None:
    async with opened(tmp_path / "agent.db", executor) as database:
        await database.write(note("one"))
        assert await database.read(texts) == ["one"]
    async with opened(tmp_path / "agent.db", executor) as database:
        assert await database.read(texts) == ["one"]


async def test_one_failing_job_fails_alone(tmp_path: Path, executor: Executor) -> None:
    async with opened(tmp_path / "agent.db", executor) as database:
        jobs = [database.write(note(text)) for text in ("a", "b", "a", "c")]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(result, sqlite3.IntegrityError) for result in results] == [False, False, True, False]
        assert await database.read(texts) == ["a", "b", "c"]


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


async def test_closing_commits_what_waits_and_takes_no_more(tmp_path: Path, executor: Executor) -> None:
    database = await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [NOTES], OPTIONS)
    waiting = [asyncio.create_task(database.write(note(str(number)))) for number in range(3)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*waiting) == [1, 2, 3]
    with pytest.raises(Transient):
        await database.write(note("late"))


async def test_fault_018_a_second_agent_on_one_journal_is_refused(tmp_path: Path, executor: Executor) -> None:
    async with opened(tmp_path / "agent.db", executor):
        with pytest.raises(Permanent) as refused:
            await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [NOTES], OPTIONS)
        assert refused.value.reason is Reason.JOURNAL_LOCKED


async def test_fault_013_a_journal_mode_that_does_not_take_is_refused(tmp_path: Path, executor: Executor) -> None:
    options = replace(OPTIONS, connect=lambda _path: database_file.connect(":memory:"))
    with pytest.raises(Permanent) as refused:
        await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [NOTES], options)
    assert refused.value.reason is Reason.JOURNAL_NOT_DURABLE


async def test_fault_019_a_directory_that_cannot_be_used_is_named(tmp_path: Path, executor: Executor) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Permanent) as refused:
        await Database.open(tmp_path / "file" / "agent.db", executor, VirtualClock(), [NOTES], OPTIONS)
    assert refused.value.reason is Reason.JOURNAL_UNAVAILABLE
    assert str(tmp_path / "file") in refused.value.sentence


async def test_fault_078_a_newer_journal_is_refused_untouched(tmp_path: Path, executor: Executor) -> None:
    newer = Schema("notes", (*NOTES.steps, "CREATE TABLE later (id INTEGER);"))
    async with opened(tmp_path / "agent.db", executor, schema=newer):
        pass
    before = (tmp_path / "agent.db").read_bytes()
    with pytest.raises(Permanent) as refused:
        await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [NOTES], OPTIONS)
    assert refused.value.reason is Reason.MIGRATION_NEEDED
    assert (tmp_path / "agent.db").read_bytes() == before
    async with opened(tmp_path / "agent.db", executor, schema=newer):
        pass


async def test_fault_077_a_migration_that_fails_leaves_whole_steps(tmp_path: Path, executor: Executor) -> None:
    broken = Schema("notes", (*NOTES.steps, "CREATE TABLE half (id INTEGER);\nCREATE TABLE half (id INTEGER);"))
    with pytest.raises(Permanent):
        await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [broken], OPTIONS)
    mended = Schema("notes", (*NOTES.steps, "CREATE TABLE half (id INTEGER);"))
    async with opened(tmp_path / "agent.db", executor, schema=mended) as database:
        await database.write(note("one"))


async def test_a_file_of_another_program_is_refused_untouched(tmp_path: Path, executor: Executor) -> None:
    other = sqlite3.connect(tmp_path / "agent.db")
    other.execute("CREATE TABLE theirs (id INTEGER)")
    other.commit()
    other.close()
    before = (tmp_path / "agent.db").read_bytes()
    with pytest.raises(Permanent):
        await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [NOTES], OPTIONS)
    assert (tmp_path / "agent.db").read_bytes() == before


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
