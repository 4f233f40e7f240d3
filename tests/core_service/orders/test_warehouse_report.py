"""What a warehouse reports moves an order forward only, and its goods leave once, whatever is reported in whatever order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.order import OrderStatus
from core_service.domain.shipment import WarehouseReport
from core_service.orders.dispatching import begin_dispatch
from core_service.orders.placing import create_order
from core_service.orders.warehouse_report import Reported, apply_warehouse_report, tell_order
from core_service.pipeline.rerouting import route_waiting
from tests.core_service.orders.test_placing import WANTED, encode
from tests.core_service.shop import OMS, TENANT, Shop, open_shop

REPORTED = [
    OrderStatus.DISPATCHED,
    OrderStatus.PICKED,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.CANCELLED,
]


async def ordered(shop: Shop) -> str:
    """Order two of five mugs and return the order's id."""
    await shop.receive("wh-east", "MUG", "5")
    await create_order(shop.pipeline, OMS, WANTED, encode)
    [order] = await shop.orders()
    return order.order_id


async def report(shop: Shop, order_id: str, status: OrderStatus, tracking: str = "") -> Reported:
    """Apply a report in a transaction of its own."""
    async with shop.core.begin(TENANT) as uow:
        said = WarehouseReport(order_id=order_id, status=status, tracking_number=tracking, event_id="evt-1")
        reported = await apply_warehouse_report(uow, said, shop.clock.now())
        await uow.commit()
    return reported


async def test_shipped_goods_leave_and_the_promise_ends():
    async with open_shop() as shop:
        order_id = await ordered(shop)
        reported = await report(shop, order_id, OrderStatus.SHIPPED, "1Z999")
        assert reported.order.tracking_number == "1Z999"
        position = await shop.position("wh-east", "MUG")
        assert (position.on_hand, position.reserved, position.core_rights) == (Decimal(3), Decimal(0), Decimal(3))
        await shop.sound()


async def test_a_late_report_is_recorded_without_effect():
    async with open_shop() as shop:
        order_id = await ordered(shop)
        await report(shop, order_id, OrderStatus.SHIPPED)
        late = await report(shop, order_id, OrderStatus.PICKED)
        assert (late.applied, late.reason) == (False, Reason.STATUS_NOT_FORWARD)
        async with shop.core.read(TENANT) as uow:
            assert (await uow.lineage.of(order_id))[-1].stage == "reported"


async def test_a_report_about_no_order_is_refused():
    async with open_shop() as shop:
        with pytest.raises(Permanent, match="ORDER_UNKNOWN"):
            await report(shop, "ord_404", OrderStatus.PICKED)


async def test_a_refusal_is_told_on_the_order_which_stays_where_it_is():
    async with open_shop() as shop:
        order_id = await ordered(shop)
        async with shop.core.begin(TENANT) as uow:
            told = await tell_order(uow, order_id, "East refused it.", shop.clock.now(), stage="refused")
            await uow.commit()
        assert told is not None
        assert (told.status, told.sentence) == (OrderStatus.ROUTED, "East refused it.")


async def test_a_waiting_order_is_routed_when_goods_came():
    async with open_shop() as shop:
        await create_order(shop.pipeline, OMS, WANTED, encode)
        [order] = await shop.orders()
        await shop.receive("wh-east", "MUG", "5")
        async with shop.core.begin(TENANT) as uow:
            routed = await route_waiting(uow, order.order_id, shop.pipeline.router, shop.clock.now())
            await uow.commit()
        assert routed is not None
        assert routed.status is OrderStatus.ROUTED
        assert (await shop.position("wh-east", "MUG")).reserved == Decimal(2)


async def test_an_order_is_begun_once_routed_and_not_after():
    async with open_shop() as shop:
        order_id = await ordered(shop)
        async with shop.core.begin(TENANT) as uow:
            assert await begin_dispatch(uow, order_id, shop.clock.now()) is not None
            await uow.commit()
        await report(shop, order_id, OrderStatus.DISPATCHED)
        async with shop.core.begin(TENANT) as uow:
            assert await begin_dispatch(uow, order_id, shop.clock.now()) is None


@settings(max_examples=15)
@given(statuses=st.lists(st.sampled_from(REPORTED), max_size=8))
async def test_fault_042_any_order_of_reports_ships_at_most_once_and_never_goes_back(statuses: list[OrderStatus]):
    async with open_shop() as shop:
        order_id = await ordered(shop)
        after = [(await report(shop, order_id, status)).order.status for status in statuses]
        seen = [OrderStatus.ROUTED, *after]
        position = await shop.position("wh-east", "MUG")
        gone = bool({OrderStatus.SHIPPED, OrderStatus.DELIVERED} & {*seen})
        assert position.on_hand == Decimal(3 if gone else 5)
        assert position.reserved == (Decimal(0) if gone or seen[-1] is OrderStatus.CANCELLED else Decimal(2))
        ranks = [[OrderStatus.ROUTED, *REPORTED].index(status) for status in seen]
        assert ranks == sorted(ranks)
        await shop.sound()
