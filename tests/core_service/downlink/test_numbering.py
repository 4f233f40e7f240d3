"""Who numbers committed changes, and who is woken; on the real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.seams.clock import SystemClock
from core_service.downlink.numbering import FeedSeams, Heads, Numbering, NumberingOptions
from core_service.ports.work import Change, ChangeKind, store_audience
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.eventually import deadline, eventually

NORTH = (TENANT, store_audience("north"))


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened


def numbering(shop: Shop, owner: str, heads: Heads, **options: float) -> Numbering:
    seams = FeedSeams(clock=shop.clock, telemetry=shop.telemetry)
    return Numbering(shop.core.feed, heads, seams, owner, NumberingOptions(**options))  # type: ignore[arg-type]


async def record(shop: Shop, subject: str) -> None:
    async with shop.core.begin(TENANT) as uow:
        await uow.changes.record([Change(audience=NORTH[1], kind=ChangeKind.SKU, subject=subject)])
        await uow.commit()


async def seen(heads: Heads, revision: int) -> bool:
    try:
        async with asyncio.timeout(0.05):
            await heads.beyond(NORTH, revision)
    except TimeoutError:
        return False
    return True


async def test_what_is_committed_is_numbered_and_seen(shop: Shop) -> None:
    heads = Heads()
    loop = numbering(shop, "a", heads)
    await loop.round()
    assert not await seen(heads, 0)
    await record(shop, "A")
    await record(shop, "B")
    await loop.round()
    assert await seen(heads, 1)
    assert not await seen(heads, 2)


async def test_only_the_holder_of_the_lease_numbers_and_the_other_still_sees(shop: Shop) -> None:
    ours, theirs = Heads(), Heads()
    holder, other = numbering(shop, "a", ours), numbering(shop, "b", theirs)
    await holder.round()
    await record(shop, "A")
    await other.round()
    assert not await seen(theirs, 0)
    await holder.round()
    await other.round()
    assert await seen(theirs, 0)


async def test_the_lease_passes_on_when_its_holder_is_gone(shop: Shop) -> None:
    heads = Heads()
    await numbering(shop, "gone", Heads()).round()
    heir = numbering(shop, "heir", heads)
    await heir.round()
    await record(shop, "A")
    shop.clock.advance(16)
    await heir.round()
    assert await seen(heads, 0)


async def test_fault_021_a_holder_that_slept_past_its_lease_numbers_nothing(shop: Shop) -> None:
    """Its fence is another's by the time it wakes."""
    sleeper, heir = numbering(shop, "sleeper", Heads()), numbering(shop, "heir", Heads())
    await sleeper.round()
    shop.clock.advance(4)
    heir_sees = Heads()
    shop.clock.advance(12)
    await heir.round()
    await record(shop, "A")
    sleeper._renew_at = shop.clock.monotonic() + 100
    await sleeper.round()
    assert await shop.core.feed.heads() == {}
    heir._heads = heir_sees
    await heir.round()
    assert await seen(heir_sees, 0)


async def test_the_running_loop_numbers_when_it_is_poked_and_when_it_looks_by_itself(shop: Shop) -> None:
    heads = Heads()
    seams = FeedSeams(clock=SystemClock(), telemetry=shop.telemetry)
    loop = Numbering(shop.core.feed, heads, seams, "a", NumberingOptions(poll_seconds=0.02))
    running = asyncio.create_task(loop.run())
    try:
        await record(shop, "A")
        loop.poke()
        async with deadline(5):
            await heads.beyond(NORTH, 0)
        await record(shop, "B")
        async with deadline(5):
            await heads.beyond(NORTH, 1)
    finally:
        running.cancel()
    assert loop.seconds_since_round is not None


async def test_trouble_with_the_database_is_counted_and_passes(shop: Shop) -> None:
    heads = Heads()
    seams = FeedSeams(clock=SystemClock(), telemetry=shop.telemetry)
    options = NumberingOptions(poll_seconds=0.01, trouble_seconds=0.01)
    loop = Numbering(_FailsFirst(shop.core.feed), heads, seams, "a", options)  # type: ignore[arg-type] # stands in for the port
    running = asyncio.create_task(loop.run())
    try:
        await eventually(lambda: shop.telemetry.total("feed_failures") == 1)
        await record(shop, "A")
        async with deadline(5):
            await heads.beyond(NORTH, 0)
    finally:
        running.cancel()


class _FailsFirst:
    """The feed, whose first lease fails as a broken database does."""

    def __init__(self, feed: object) -> None:
        self._feed = feed
        self._left = 1

    def __getattr__(self, name: str) -> object:
        if name == "hold_lease" and self._left:
            self._left -= 1
            message = "disk I/O error"
            raise OSError(message)
        return getattr(self._feed, name)
