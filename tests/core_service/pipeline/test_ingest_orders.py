"""What a batch promises and shares: orders reserved and routed with their sale, rights granted, taken over and given back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.canonical.entry import EntryKind, Outcome
from adapters.reasons import Reason
from core_service.domain.order import OrderStatus
from core_service.ports.work import ChangeKind
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.fakes.script_dialect import Line, script


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop("north", "south") as opened:
        yield opened


async def test_a_sale_to_be_shipped_is_reserved_and_routed_at_once(shop: Shop):
    await shop.receive("wh-east", "MUG", "5")
    agent = shop.agent("north").journal(script("sale", "1", [Line("MUG", "2", ship=True), Line("CUP", "1")]))
    [verdict] = await shop.send(agent)
    [order] = await shop.orders()
    assert verdict.order_ids == (order.order_id,)
    assert (order.status, order.location, order.store) == (OrderStatus.ROUTED, "wh-east", "north")
    position = await shop.position("wh-east", "MUG")
    assert (position.on_hand, position.reserved, position.core_rights) == (Decimal(5), Decimal(2), Decimal(3))
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)
    await shop.sound()


async def test_a_sale_without_stock_makes_an_order_that_waits_and_is_woken_by_goods(shop: Shop):
    await shop.send(shop.agent("north").journal(script("sale", "1", [Line("MUG", "2", ship=True)])))
    [order] = await shop.orders()
    assert order.status is OrderStatus.AWAITING_STOCK
    assert "wh-east" in order.sentence
    await shop.receive("wh-east", "MUG", "5")
    claimed = await shop.core.work_claims.claim("test", shop.clock.now(), 60, 10, [])
    assert [(work.kind, work.subject) for work in claimed] == [("route_order", order.order_id)]


async def test_a_voided_sale_cancels_its_waiting_order_and_asks_the_warehouse_of_a_routed_one(shop: Shop):
    await shop.receive("wh-east", "MUG", "2")
    agent = shop.agent("north").journal(
        script("sale", "1", [Line("MUG", "2", ship=True)]),
        script("sale", "2", [Line("MUG", "2", ship=True)]),
        script("void", "v1", about="1"),
        script("void", "v2", about="2"),
    )
    await shop.send(agent)
    statuses = {order.reference: order.status for order in await shop.orders()}
    assert statuses == {"1": OrderStatus.CANCEL_REQUESTED, "2": OrderStatus.CANCELLED}
    claimed = await shop.core.work_claims.claim("test", shop.clock.now(), 60, 10, [])
    assert sorted(work.kind for work in claimed) == ["cancel_dispatch", "dispatch_order"]


async def test_an_amendment_that_changes_what_is_shipped_replaces_the_waiting_order(shop: Shop):
    agent = shop.agent("north").journal(
        script("sale", "1", [Line("MUG", "2", ship=True)]),
        script("sale", "1", [Line("MUG", "3", ship=True)], revision=1),
    )
    first, second = await shop.send(agent)
    orders = {order.order_id: order for order in await shop.orders()}
    assert orders[first.order_ids[0]].status is OrderStatus.CANCELLED
    assert orders[second.order_ids[0]].lines[0].quantity == Decimal(3)
    assert orders[second.order_ids[0]].reference == "1#1"


async def test_goods_at_a_store_are_shared_and_the_grant_is_taken_over_once(shop: Shop):
    await shop.receive("north", "MUG", "10")
    shared = await shop.position("north", "MUG")
    assert (shared.core_rights, shared.in_flight, shared.store_rights) == (Decimal(2), Decimal(8), Decimal(0))
    lease = await shop.core.feed.hold_lease("feed", "test", shop.clock.now(), 60)
    assert lease is not None
    while await shop.core.feed.number("feed", lease, 1000):
        pass
    async with shop.core.read(TENANT) as uow:
        told = await uow.changes.since("store:north", 0, 100)
    [grant] = [item.subject for item in told if item.kind is ChangeKind.RIGHTS]
    agent = shop.agent("north").journal(
        grant.encode(), grant.encode(), b"rts_unknown", kind=EntryKind.RIGHTS_ACKNOWLEDGED
    )
    taken, again, unknown = await shop.send(agent)
    assert (taken.outcome, again.outcome, unknown.reason) == (
        Outcome.BOOKED,
        Outcome.REPEAT,
        Reason.RIGHTS_TRANSFER_UNKNOWN,
    )
    after = await shop.position("north", "MUG")
    assert (after.core_rights, after.in_flight, after.store_rights) == (Decimal(2), Decimal(0), Decimal(8))
    await shop.sound()


async def test_rights_given_back_move_once_and_only_what_is_left(shop: Shop):
    agent = shop.agent("north").journal(script("return", "1", [Line("MUG", "3")]))
    agent.journal(b"ret-1 MUG 2", b"ret-1 MUG 2", b"ret-2 MUG 9", kind=EntryKind.RIGHTS_RETURNED)
    _, first, again, rest = await shop.send(agent)
    assert (first.outcome, again.outcome, rest.outcome) == (Outcome.BOOKED, Outcome.REPEAT, Outcome.BOOKED)
    assert "1 were left" in rest.sentence
    assert (await shop.position("north", "MUG")).core_rights == Decimal(3)
    await shop.sound()


async def test_what_another_stores_agent_gave_back_is_never_this_ones(shop: Shop):
    await shop.send(shop.agent("north").journal(b"ret-1 MUG 2", kind=EntryKind.RIGHTS_RETURNED))
    [verdict] = await shop.send(shop.agent("south").journal(b"ret-1 MUG 2", kind=EntryKind.RIGHTS_RETURNED))
    assert verdict.reason == Reason.RIGHTS_TRANSFER_UNKNOWN


async def test_a_sale_that_takes_promised_goods_names_the_order(shop: Shop):
    async with shop.core.begin(TENANT) as uow:
        north = await uow.locations.get("north")
        assert north is not None
        await uow.locations.put(replace(north, wms_url="http://127.0.0.1:9", wms_secret="s"))
        await uow.commit()
    await shop.receive("north", "MUG", "10")
    agent = shop.agent("north").journal(script("sale", "1", [Line("MUG", "2", ship=True)]))
    await shop.send(agent)
    [order] = await shop.orders()
    assert order.location == "north"
    await shop.send(agent.journal(script("sale", "2", [Line("MUG", "9")])))
    async with shop.core.read(TENANT) as uow:
        [exception] = await uow.exceptions.list(Reason.RIGHTS_OVERDRAWN, None, None, 10)
    assert exception.record_id == order.order_id
    await shop.sound()
