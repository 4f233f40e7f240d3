"""A file that cannot be made durable, or is not ours to touch, is refused with the reason and left as it was."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from edge_agent import database_file
from edge_agent.database import Database, Schema
from edge_agent.executor import Executor
from tests.edge_agent.notes import NOTES, OPTIONS, note, opened


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
