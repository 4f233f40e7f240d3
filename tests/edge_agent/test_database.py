"""What is written is there after closing, and a closing database commits what waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.errors import Transient
from adapters.seams.clock import VirtualClock
from edge_agent.database import Database
from edge_agent.executor import Executor
from tests.edge_agent.notes import NOTES, OPTIONS, note, opened, texts


async def test_what_is_written_is_read_and_survives_closing(tmp_path: Path, executor: Executor) -> None:
    async with opened(tmp_path / "agent.db", executor) as database:
        await database.write(note("one"))
        assert await database.read(texts) == ["one"]
    async with opened(tmp_path / "agent.db", executor) as database:
        assert await database.read(texts) == ["one"]


async def test_closing_commits_what_waits_and_takes_no_more(tmp_path: Path, executor: Executor) -> None:
    database = await Database.open(tmp_path / "agent.db", executor, VirtualClock(), [NOTES], OPTIONS)
    waiting = [asyncio.create_task(database.write(note(str(number)))) for number in range(3)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*waiting) == [1, 2, 3]
    with pytest.raises(Transient):
        await database.write(note("late"))
