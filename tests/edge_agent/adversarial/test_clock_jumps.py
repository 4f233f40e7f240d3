"""A box whose clock is wrong: answers never look fresher than they are, and what was accepted keeps its order and its place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.cache.store import JournalView, SqliteCache
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import InlineExecutor
from edge_agent.journal import movements
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import JournalOptions, SqliteJournal
from tests.contracts.cache import MOMENT, level, revision, sku
from tests.contracts.drafts import sale

DAY = timedelta(days=1).total_seconds()
VIEW = JournalView(
    head=movements.head,
    epoch_order=movements.epoch_order,
    moved_after=movements.moved_after,
    taken_transfers=movements.taken_transfers,
)


class Till:
    """A store's journal and cache; `restart` is a restart of the box, whose clock may have been set meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "agent.db"
        self.clock = VirtualClock(MOMENT)

    async def open(self) -> None:
        schemas, options = [JOURNAL_SCHEMA, CACHE_SCHEMA], DatabaseOptions(reserve_bytes=0)
        self.database = await Database.open(self._path, InlineExecutor(), self.clock, schemas, options)
        self.cache = await SqliteCache.open(self.database, self.clock, VIEW)
        journal_options = JournalOptions(listener=self.cache)
        self.journal = await SqliteJournal.open(self.database, self.clock, SeededRandomness(3), journal_options)

    async def restart(self, jump: float) -> None:
        await self.database.close()
        self.clock.jump(jump)
        await self.open()

    async def told(self) -> None:
        change = revision(1, begins=True, levels=(level("A", 10),), skus=(sku("A"),))
        await self.cache.apply(change)

    async def age(self) -> float:
        return (await self.cache.levels(["A"]))["A"].age_seconds


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    till = Till(tmp_path)
    await till.open()
    yield till
    await till.database.close()


@pytest.mark.parametrize("jump", [-3600.0, -56 * 365 * DAY, 400 * DAY], ids=["an hour back", "1970", "400 days on"])
async def test_fault_024_after_a_restart_with_a_wrong_clock_old_stock_is_not_called_fresh(
    till: Till, jump: float
) -> None:
    """The core has been silent for two hours: an answer of the age zero would be believed."""
    await till.told()
    till.clock.advance(2 * 3600)
    await till.restart(jump)
    assert await till.age() >= 3600
    till.clock.advance(60)
    assert await till.age() >= 3660


@pytest.mark.parametrize("jump", [-3600.0, 400 * DAY], ids=["an hour back", "400 days on"])
async def test_fault_024_a_file_opened_anew_does_not_change_the_age(till: Till, jump: float) -> None:
    """As after a failed write (faults, row 12): the process still knows how long ago the core was heard."""
    await till.told()
    till.clock.advance(300)
    till.clock.jump(jump)
    await till.database._connections.drop()
    await till.journal.append(sale(1))
    assert await till.age() == pytest.approx(300)


async def test_fault_024_entries_keep_their_order_whatever_the_clock_says(till: Till) -> None:
    accepted = []
    for number, jump in enumerate((0, -56 * 365 * DAY, 900 * 365 * DAY, -1800), start=1):
        till.clock.jump(jump)
        accepted.append(await till.journal.append(sale(number)))
    run = await till.journal.read(0, 100, 10**6)
    assert [entry.id for entry in run.entries] == [one.entry for one in accepted]
    assert await till.journal.verify() == ()
