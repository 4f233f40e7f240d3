"""Stock and orders for tills, from the cache alone, always with their age."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.errors import Permanent, Transient
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.cache.store import SqliteCache
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import InlineExecutor
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import SqliteJournal
from edge_agent.ports import CachedLevel, CachedSku, Revision
from edge_agent.till.lookup import MOST_ASKED, Lookup
from tests.edge_agent.intake.shop import VIEW


class Counter:
    """A till's counter: a cache on a real file, and virtual time."""

    def __init__(self, cache: SqliteCache, clock: VirtualClock) -> None:
        self.cache = cache
        self.clock = clock
        self.lookup = Lookup(cache=cache, clock=clock, age_seconds=cache.age_seconds, complete=lambda: cache.complete)

    async def hear(self, *, complete: bool) -> None:
        level = CachedLevel(
            sku="MUG",
            on_hand=Decimal("7.5"),
            store_rights=Decimal(5),
            core_rights=Decimal("2.5"),
            reserved=Decimal(0),
            epoch=b"",
            sequence=0,
        )
        skus = tuple(
            CachedSku(sku=sku, name=sku.title(), gtins=(), aliases=(), retired=False) for sku in ("MUG", "PEN")
        )
        await self.cache.apply(
            Revision(
                feed_id="f",
                revision=1,
                snapshot_begins=True,
                complete=complete,
                received_at=self.clock.now(),
                skus=skus,
                levels=(level,),
            )
        )


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    clock = VirtualClock()
    database = await Database.open(
        tmp_path / "agent.db", InlineExecutor(), clock, [JOURNAL_SCHEMA, CACHE_SCHEMA], DatabaseOptions(reserve_bytes=0)
    )
    await SqliteJournal.open(database, clock, SeededRandomness(1))
    yield Counter(await SqliteCache.open(database, clock, VIEW), clock)
    await database.close()


async def test_the_age_grows_with_time_and_starts_anew_when_the_core_is_heard(counter: Counter):
    await counter.hear(complete=True)
    counter.clock.advance(90)
    answer = await counter.lookup.stock("MUG")
    assert (answer.shown.on_hand, answer.shown.available) == (Decimal("7.5"), Decimal(5))
    assert answer.shown.age_seconds == 90
    assert answer.as_of == counter.clock.now() - timedelta(seconds=90)
    await counter.cache.heard(counter.clock.now())
    assert (await counter.lookup.stocks(["MUG"])).age_seconds == 0


async def test_before_everything_was_told_a_missing_level_is_not_zero(counter: Counter):
    with pytest.raises(Transient) as unheard:
        await counter.lookup.stock("PEN")
    assert unheard.value.reason == "NOT_READY"
    await counter.hear(complete=True)
    told = await counter.lookup.stock("PEN")
    assert (told.shown.on_hand, told.shown.available) == (Decimal(0), Decimal(0))
    with pytest.raises(Permanent) as unknown:
        await counter.lookup.stock("CUP")
    assert unknown.value.reason == "SKU_UNKNOWN"


async def test_a_list_keeps_its_order_names_each_once_and_has_a_bound(counter: Counter):
    await counter.hear(complete=True)
    answer = await counter.lookup.stocks(["PEN", "CUP", "MUG", "PEN"])
    assert [stock.asked for stock in answer.found] == ["PEN", "MUG"]
    assert answer.unknown == ("CUP",)
    with pytest.raises(Permanent, match="too many"):
        await counter.lookup.stocks([str(number) for number in range(MOST_ASKED + 1)])
    with pytest.raises(Permanent, match="Name what"):
        await counter.lookup.stocks([])
