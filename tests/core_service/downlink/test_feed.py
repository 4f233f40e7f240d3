"""What one store is told: snapshots, resumption, state read when it is sent, signs of life; on the real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.canonical.downlink import GrantNews, LevelNews, News, OrderNews, SkuNews, TillNews, WatchFrom
from adapters.canonical.entry import EntryKind
from adapters.seams.deadline import cancelled
from adapters.seams.failpoint import NoFailpoints
from core_service.domain.fleet import AgentIdentity
from core_service.domain.setup import Sku, TillKey
from core_service.downlink.feed import FeedOptions, FeedParts, StoreFeed
from core_service.downlink.numbering import FeedSeams, Heads, Numbering
from core_service.ports.work import Change, ChangeKind, store_audience
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.eventually import deadline, eventually
from tests.fakes.script_dialect import Line, script

NORTH = store_audience("north")
START = WatchFrom(feed_id="", revision=0)


@dataclass
class Watching:
    """A shop whose changes are numbered on demand, and watches on it."""

    shop: Shop
    numbering: Numbering
    parts: FeedParts

    @asynccontextmanager
    async def watch(self, start: WatchFrom = START, store: str = "north") -> AsyncIterator[AsyncGenerator[News, None]]:
        feed = StoreFeed(self.parts, self.shop.agent(store).identity)
        async with aclosing(feed.news(start)) as news:
            yield news

    async def snapshot(self, store: str = "north") -> News:
        await self.numbering.round()
        async with self.watch(store=store) as news:
            return await anext(news)

    async def record(self, *changes: Change) -> None:
        async with self.shop.core.begin(TENANT) as uow:
            await uow.changes.record(changes)
            await uow.commit()

    async def number(self) -> None:
        await self.numbering.round()


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    async with open_shop("north", "south") as shop:
        heads = Heads()
        numbering = Numbering(
            shop.core.feed, heads, FeedSeams(clock=shop.clock, telemetry=shop.telemetry), owner="this process"
        )
        parts = FeedParts(
            core=shop.core, heads=heads, clock=shop.clock, failpoints=NoFailpoints(), options=FeedOptions(chunk=5)
        )
        yield Watching(shop, numbering, parts)


async def test_a_new_cache_gets_a_snapshot_even_when_there_is_nothing_to_tell(watching: Watching) -> None:
    news = await watching.snapshot()
    assert (news.snapshot_begins, news.complete, news.changes, news.revision) == (True, True, (), 0)
    assert news.feed_id


async def test_a_level_says_which_entries_of_the_agent_it_includes(watching: Watching) -> None:
    agent = watching.shop.agent("north")
    async with watching.shop.core.begin(TENANT) as uow:
        await uow.fleet.seen(agent.identity.agent, watching.shop.clock.now(), "1", 0, agent.epoch)
        await uow.commit()
    await watching.shop.send(
        agent.journal(script("sale", "1", [Line("MUG", "2")]), script("sale", "2", [Line("CUP", "1")]))
    )
    news = await watching.snapshot()
    levels = {level.sku: level for level in news.changes if isinstance(level, LevelNews)}
    assert (levels["MUG"].on_hand, levels["MUG"].epoch, levels["MUG"].sequence) == (Decimal(-2), agent.epoch, 2)
    assert levels["CUP"].on_hand == Decimal(-1)


async def test_a_level_of_an_agent_that_never_streamed_names_no_epoch(watching: Watching) -> None:
    await watching.shop.receive("north", "MUG", "10")
    [level] = [change for change in (await watching.snapshot()).changes if isinstance(change, LevelNews)]
    assert (level.epoch, level.sequence, level.on_hand) == (b"", 0, Decimal(10))
    assert level.core_rights + level.store_rights <= level.on_hand


async def test_a_grant_is_told_until_and_after_its_acknowledgement_is_booked(watching: Watching) -> None:
    await watching.shop.receive("north", "MUG", "10")
    await watching.number()
    async with watching.watch() as news:
        first = await anext(news)
        [grant] = [change for change in first.changes if isinstance(change, GrantNews)]
        assert not grant.settled
        agent = watching.shop.agent("north")
        kind = EntryKind.RIGHTS_ACKNOWLEDGED
        await watching.shop.send(agent.journal(grant.transfer_id.encode(), kind=kind))
        await watching.number()
        second = await anext(news)
    [settled] = [change for change in second.changes if isinstance(change, GrantNews)]
    assert settled.settled
    assert settled.transfer_id == grant.transfer_id


async def test_tills_skus_and_orders_come_with_their_present_state(watching: Watching) -> None:
    now = watching.shop.clock.now()
    async with watching.shop.core.begin(TENANT) as uow:
        await uow.tills.add_key(TillKey(store="north", till="1", key_hash=b"k" * 32, created_at=now), now)
        await uow.commit()
    ship = script("sale", "1", [Line("MUG", "1", ship=True)])
    await watching.shop.send(watching.shop.agent("north").journal(ship))
    await watching.record(
        Change(audience=NORTH, kind=ChangeKind.TILL, subject="1"),
        Change(audience=NORTH, kind=ChangeKind.SKU, subject="MUG"),
        Change(audience=NORTH, kind=ChangeKind.SKU, subject="GONE"),
    )
    changes = (await watching.snapshot()).changes
    [till] = [change for change in changes if isinstance(change, TillNews)]
    assert (till.till, till.dialect, till.api_key_hashes, till.currency) == ("1", "script", (b"k" * 32,), "GBP")
    assert [change.name for change in changes if isinstance(change, SkuNews)] == ["Mug"]
    [order] = [change for change in changes if isinstance(change, OrderNews)]
    assert order.receipt_id.startswith("rcp_")
    assert order.status == "AWAITING_STOCK"


async def test_a_snapshot_larger_than_a_message_is_complete_with_its_last_one_only(watching: Watching) -> None:
    await _skus(watching, 12)
    await watching.number()
    async with watching.watch() as news:
        parts = [await anext(news) for _ in range(3)]
    assert [part.snapshot_begins for part in parts] == [True, False, False]
    assert [part.complete for part in parts] == [False, False, True]
    assert [len(part.changes) for part in parts] == [5, 5, 2]
    assert [part.revision for part in parts] == [5, 10, 12]


async def test_a_heavy_chunk_comes_in_messages_of_which_only_the_last_says_its_revision(watching: Watching) -> None:
    """A watch that is cut between them begins the chunk again."""
    await _skus(watching, 4)
    await watching.number()
    light = replace(watching.parts, options=FeedOptions(chunk=5, weight=700))
    async with aclosing(StoreFeed(light, watching.shop.agent("north").identity).news(START)) as news:
        parts = [await anext(news), await anext(news)]
    assert [len(part.changes) for part in parts] == [2, 2]
    assert [(part.revision, part.complete, part.snapshot_begins) for part in parts] == [
        (0, False, True),
        (4, True, False),
    ]


async def test_a_snapshot_of_exactly_one_message_is_complete_at_once(watching: Watching) -> None:
    await _skus(watching, 5)
    assert (await watching.snapshot()).complete


async def test_a_cache_goes_on_where_it_stands(watching: Watching) -> None:
    await _skus(watching, 3)
    before = await watching.snapshot()
    await _skus(watching, 1, first=7)
    await watching.number()
    async with watching.watch(WatchFrom(feed_id=before.feed_id, revision=3)) as news:
        rest = await anext(news)
    assert not rest.snapshot_begins
    assert [change.sku for change in rest.changes if isinstance(change, SkuNews)] == ["S7"]
    assert (rest.revision, rest.complete) == (4, True)


@pytest.mark.parametrize("start", [WatchFrom(feed_id="another", revision=2), WatchFrom(feed_id="", revision=2)])
async def test_a_cache_of_another_feed_gets_a_snapshot(watching: Watching, start: WatchFrom) -> None:
    await _skus(watching, 3)
    await watching.number()
    async with watching.watch(start) as news:
        assert (await anext(news)).snapshot_begins


@pytest.mark.parametrize("revision", [4, -1, 2**62])
async def test_a_revision_that_this_feed_never_had_gets_a_snapshot(watching: Watching, revision: int) -> None:
    await _skus(watching, 3)
    feed_id = (await watching.snapshot()).feed_id
    async with watching.watch(WatchFrom(feed_id=feed_id, revision=revision)) as news:
        first = await anext(news)
    assert (first.snapshot_begins, first.revision) == (True, 3)


async def test_a_thing_that_changed_many_times_is_told_once_as_it_is_now(watching: Watching) -> None:
    """The slow consumer: while it does not read, nothing gathers for it but the present state."""
    await _skus(watching, 1)
    await watching.number()
    async with watching.watch() as news:
        await anext(news)
        for name in ("one", "two", "three"):
            async with watching.shop.core.begin(TENANT) as uow:
                await uow.skus.put([Sku(sku="S1", name=name)])
                await uow.commit()
            await watching.record(Change(audience=NORTH, kind=ChangeKind.SKU, subject="S1"))
            await watching.number()
        told = await anext(news)
        assert [change.name for change in told.changes if isinstance(change, SkuNews)] == ["three"]
        waiting = asyncio.ensure_future(anext(news))
        await _asleep(watching)
        assert not waiting.done()
        await cancelled(waiting)


async def test_quiet_times_bring_a_sign_of_life(watching: Watching) -> None:
    await _skus(watching, 1)
    await watching.number()
    async with watching.watch() as news:
        first = await anext(news)
        waiting = asyncio.ensure_future(anext(news))
        await _asleep(watching)
        watching.shop.clock.advance(10)
        async with deadline(5):
            sign = await waiting
    assert (sign.changes, sign.revision, sign.feed_id, sign.snapshot_begins) == ((), 1, first.feed_id, False)
    assert sign.sent_at > first.sent_at


async def test_a_watcher_is_woken_by_numbering(watching: Watching) -> None:
    async with watching.watch() as news:
        await anext(news)
        waiting = asyncio.ensure_future(anext(news))
        await _asleep(watching)
        await _skus(watching, 1)
        await watching.number()
        async with deadline(5):
            assert (await waiting).revision == 1


async def test_another_stores_changes_and_another_tenants_do_not_come(watching: Watching) -> None:
    await watching.shop.receive("south", "MUG", "5")
    assert (await watching.snapshot()).changes == ()
    stranger = StoreFeed(watching.parts, AgentIdentity(tenant="bolt", store="south", agent="agt_south_1"))
    async with aclosing(stranger.news(START)) as news:
        assert (await anext(news)).changes == ()


async def test_a_cache_that_lacks_nothing_is_told_at_once_that_it_is_heard(watching: Watching) -> None:
    await _skus(watching, 3)
    feed_id = (await watching.snapshot()).feed_id
    async with watching.watch(WatchFrom(feed_id=feed_id, revision=3)) as news:
        first = await anext(news)
    assert (first.changes, first.revision, first.snapshot_begins, first.complete) == ((), 3, False, True)


async def test_only_till_keys_that_are_valid_now_are_told(watching: Watching) -> None:
    """A key that is being rotated goes with the change that is recorded when it ends."""
    clock = watching.shop.clock
    async with watching.shop.core.begin(TENANT) as uow:
        for key in (b"o" * 32, b"n" * 32):
            ends = clock.now() + timedelta(seconds=60)
            await uow.tills.add_key(TillKey(store="north", till="1", key_hash=key, created_at=clock.now()), ends)
        await uow.commit()
    till = Change(audience=NORTH, kind=ChangeKind.TILL, subject="1")
    await watching.record(till)
    await watching.number()
    async with watching.watch() as news:
        assert set(_keys(await anext(news))) == {b"o" * 32, b"n" * 32}
        clock.advance(61)
        await watching.record(till)
        await watching.number()
        assert _keys(await anext(news)) == (b"n" * 32,)


def _keys(news: News) -> tuple[bytes, ...]:
    [till] = [change for change in news.changes if isinstance(change, TillNews)]
    return till.api_key_hashes


async def _skus(watching: Watching, count: int, first: int = 1) -> None:
    names = [f"S{number}" for number in range(first, first + count)]
    async with watching.shop.core.begin(TENANT) as uow:
        await uow.skus.put([Sku(sku=name, name=name) for name in names])
        await uow.changes.record([Change(audience=NORTH, kind=ChangeKind.SKU, subject=name) for name in names])
        await uow.commit()


async def _asleep(watching: Watching) -> None:
    """Return once the watcher waits for news: it sleeps on the clock until its next sign of life."""
    await eventually(lambda: any(not future.done() for _, _, future in watching.shop.clock._sleepers))
