"""Rights that the core granted are taken over once for ever, and may be promised from then on (invariant 10)."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from adapters.canonical.entry import EntryKind
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent.intake.rights import RightsTaker
from edge_agent.ports import CachedGrant, Revision
from edge_agent.uplink.wire import rights_acknowledged
from tests.edge_agent.intake.shop import Shop
from tests.eventually import eventually


def taker(shop: Shop) -> RightsTaker:
    return RightsTaker(
        cache=shop.cache,
        journal=shop.journal,
        encode=rights_acknowledged,
        news=asyncio.Event(),
        clock=shop.clock,
        telemetry=MemoryTelemetry(),
    )


async def grant(shop: Shop, revision: int, *transfers: str) -> None:
    await shop.cache.apply(
        Revision(
            feed_id="f1",
            revision=revision,
            snapshot_begins=False,
            complete=True,
            received_at=shop.clock.now(),
            grants=tuple(
                CachedGrant(transfer_id=transfer, sku="MUG", quantity=Decimal(5), settled=False)
                for transfer in transfers
            ),
        )
    )


async def test_a_grant_becomes_one_entry_and_raises_what_may_be_promised(shop: Shop):
    before = Decimal((await shop.get("/v1/stock/MUG")).json()["available"])
    await grant(shop, 2, "rgt-1", "rgt-2")
    assert await taker(shop).take_over() == 2
    assert await taker(shop).take_over() == 0
    kinds = [kind for kind, _, _ in await shop.entries()]
    assert kinds == [EntryKind.RIGHTS_ACKNOWLEDGED] * 2
    answer = (await shop.get("/v1/stock/MUG")).json()
    assert Decimal(answer["available"]) == before + 10
    assert answer["on_hand"] == "10"


async def test_it_takes_over_what_comes_later_and_nothing_twice_after_a_fork(shop: Shop):
    taking = taker(shop)
    shop.cache.on_applied = lambda _revision: taking.news.set()
    running = asyncio.create_task(taking.run())
    await grant(shop, 2, "rgt-1")
    await eventually(lambda: _entries(shop, 1))
    await shop.journal.fork("for the test")
    await grant(shop, 3, "rgt-1", "rgt-2")
    await eventually(lambda: _entries(shop, 2))
    running.cancel()
    await asyncio.wait((running,))
    assert await taker(shop).take_over() == 0


async def _entries(shop: Shop, count: int) -> bool:
    return len(await shop.entries()) == count
