"""SqliteCache keeps the contract, lowers stock at once by the store's own sales, survives restarts, and always knows its age."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.canonical.entry import Outcome, Verdict
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.cache.store import JournalView, SqliteCache
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import Executor
from edge_agent.journal import movements
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import JournalOptions, SqliteJournal
from edge_agent.ports import AGENT
from tests.contracts.cache import MOMENT, CacheContract, grant, level, revision, sku
from tests.contracts.drafts import sale

VIEW = JournalView(
    head=movements.head,
    epoch_order=movements.epoch_order,
    moved_after=movements.moved_after,
    taken_transfers=movements.taken_transfers,
)


class Store:
    """A store's journal and cache on one file."""

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor
        self.clock = VirtualClock(MOMENT)
        self._randomness = SeededRandomness(3)

    async def open(self) -> None:
        options = DatabaseOptions(reserve_bytes=0)
        schemas = [JOURNAL_SCHEMA, CACHE_SCHEMA]
        self.database = await Database.open(self._folder / "agent.db", self._executor, self.clock, schemas, options)
        self.cache = await SqliteCache.open(self.database, self.clock, VIEW)
        self.journal = await SqliteJournal.open(
            self.database, self.clock, self._randomness, JournalOptions(listener=self.cache)
        )

    async def on_hand(self, name: str = "A") -> Decimal:
        return (await self.cache.levels([name]))[name].on_hand


@pytest.fixture
async def store(tmp_path: Path, executor: Executor) -> AsyncIterator[Store]:
    store = Store(tmp_path, executor)
    await store.open()
    yield store
    await store.database.close()


@pytest.fixture
def cache(store: Store) -> SqliteCache:
    return store.cache


class TestSqliteCache(CacheContract):
    """The suite on a real file."""


async def test_own_sales_lower_the_stock_at_once(store: Store) -> None:
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 10, store_rights=4),), skus=(sku("A"),)))
    assert await store.on_hand() == 10
    for number in range(1, 7):
        await store.journal.append(sale(number))
    shown = (await store.cache.levels(["A"]))["A"]
    assert (shown.on_hand, shown.available) == (Decimal(4), Decimal(0))


async def test_a_repeat_lowers_nothing(store: Store) -> None:
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 10),)))
    await store.on_hand()
    await store.journal.append(sale(1))
    await store.journal.append(sale(1))
    assert await store.on_hand() == 9


async def test_the_cores_next_word_does_not_count_a_sale_twice(store: Store) -> None:
    """Through every stage: sold, told as of an earlier place, told as of it, forked, restarted."""
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 10),)))
    for number in (1, 2, 3):
        await store.journal.append(sale(number))
    epoch = (await store.journal.head()).epoch
    await store.cache.apply(revision(2, levels=(level("A", 9, epoch=epoch, sequence=1),)))
    assert await store.on_hand() == 7
    await store.journal.settle(1, [Verdict(sequence=1, outcome=Outcome.BOOKED)])
    await store.journal.fork("for the test")
    assert await store.on_hand() == 7
    await store.cache.apply(revision(3, levels=(level("A", 8, epoch=epoch, sequence=2),)))
    assert await store.on_hand() == 7
    await store.journal.append(sale(4))
    assert await store.on_hand() == 6
    await store.database.close()
    await store.open()
    assert await store.on_hand() == 6
    assert await store.cache.position() == ("feed-1", 3)


async def test_what_the_core_found_to_be_a_repeat_is_counted_no_more(store: Store) -> None:
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 10),)))
    await store.journal.append(sale(1))
    assert await store.on_hand() == 9
    await store.journal.settle(1, [Verdict(sequence=1, outcome=Outcome.REPEAT)])
    assert await store.on_hand() == 10


async def test_answers_are_right_while_sales_and_news_race(store: Store) -> None:
    """Readers, tills and the watch at once: afterwards memory and disk agree."""
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 1000),)))
    epoch = (await store.journal.head()).epoch

    async def sell(first: int) -> None:
        for number in range(first, first + 40):
            await store.journal.append(sale(number))
            await store.on_hand()

    async def watch() -> None:
        for number in range(2, 30):
            booked = (await store.journal.head()).next_sequence - 1
            await store.cache.apply(revision(number, levels=(level("A", 1000 - booked, epoch=epoch, sequence=booked),)))
            assert await store.on_hand() <= 1000 - booked

    async def ask() -> None:
        for _ in range(200):
            await store.on_hand()
            await asyncio.sleep(0)

    await asyncio.gather(sell(1), sell(101), sell(201), watch(), ask())
    assert await store.on_hand() == 1000 - 120
    store.cache.rearranged()
    assert await store.on_hand() == 1000 - 120


async def test_a_grant_taken_over_by_a_journal_entry_is_not_offered_again(store: Store) -> None:
    await store.cache.apply(revision(1, begins=True, grants=(grant("rgt_1"), grant("rgt_2"))))
    await store.journal.append(sale(1, repeat_key=(AGENT, "rgt_1", b"d" * 32)))
    assert await store.cache.untaken_grants() == [grant("rgt_2")]


async def test_the_age_counts_from_the_cores_last_word_and_never_from_a_jumping_clock(store: Store) -> None:
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 1),)))
    store.clock.advance(30)
    assert (await store.cache.levels(["A"]))["A"].age_seconds == pytest.approx(30)
    store.clock.jump(-3600)
    assert (await store.cache.levels(["A"]))["A"].age_seconds == pytest.approx(30)
    await store.cache.heard(store.clock.now())
    assert (await store.cache.levels(["A"]))["A"].age_seconds == pytest.approx(0)
    store.clock.jump(3600)
    assert (await store.cache.levels(["A"]))["A"].age_seconds == pytest.approx(0)


async def test_a_restart_never_makes_news_look_younger(store: Store) -> None:
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 1),)))
    store.clock.advance(100)
    await store.database.close()
    await store.open()
    assert (await store.cache.levels(["A"]))["A"].age_seconds >= 100


async def test_an_interrupted_snapshot_goes_on_after_a_restart(store: Store) -> None:
    """Readers keep the old across the restart; the rest of the snapshot completes it."""
    await store.cache.apply(revision(1, begins=True, levels=(level("A", 5),)))
    await store.cache.apply(revision(2, begins=True, complete=False, feed="feed-2", levels=(level("B", 1),)))
    await store.database.close()
    await store.open()
    assert await store.cache.position() == ("feed-2", 2)
    assert list(await store.cache.levels(["A", "B"])) == ["A"]
    await store.cache.apply(revision(3, feed="feed-2", levels=(level("C", 1),)))
    assert list(await store.cache.levels(["A", "B", "C"])) == ["B", "C"]
