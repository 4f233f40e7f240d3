"""The OMS orders and cancels; asking twice has one effect and the first answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.canonical.money import Money
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.order import Order, OrderStatus
from core_service.domain.shipment import WarehouseReport
from core_service.orders.placing import NewOrder, WantedLine, cancel_order, create_order
from core_service.orders.warehouse_report import apply_warehouse_report
from tests.core_service.shop import OMS, TENANT, Shop, open_shop
from tests.fakes.script_dialect import SHIP_TO

WANTED = NewOrder(
    request_id="r1", reference="web-1", lines=(WantedLine(name="MUG", quantity=Decimal(2)),), ship_to=SHIP_TO
)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop("north") as opened:
        yield opened


def encode(order: Order) -> bytes:
    """Write an answer that differs when the order differs."""
    return f"{order.order_id} {order.status} {order.version} {order.location}".encode()


async def test_an_order_is_reserved_routed_and_due_for_dispatch(shop: Shop):
    await shop.receive("wh-east", "MUG", "5")
    await create_order(shop.pipeline, OMS, WANTED, encode)
    [order] = await shop.orders()
    assert (order.status, order.location, order.source) == (OrderStatus.ROUTED, "wh-east", "api/crd_oms")
    [work] = await shop.core.work_claims.claim("test", shop.clock.now(), 60, 10, [])
    assert (work.kind, work.subject, work.destination) == ("dispatch_order", order.order_id, "wms/wh-east")
    async with shop.core.read(TENANT) as uow:
        steps = await uow.lineage.of(order.order_id)
    assert [step.stage for step in steps] == ["received", "routed"]
    assert steps[1].details["wh-east"].startswith("500 km")


async def test_a_repeat_gets_the_first_answer_even_after_the_order_moved_on(shop: Shop):
    first = await create_order(shop.pipeline, OMS, WANTED, encode)
    [order] = await shop.orders()
    await cancel_order(shop.pipeline, OMS, order.order_id, "changed my mind")
    assert await create_order(shop.pipeline, OMS, WANTED, encode) == first
    assert len(await shop.orders()) == 1


async def test_the_same_request_id_with_another_body_is_refused(shop: Shop):
    await create_order(shop.pipeline, OMS, WANTED, encode)
    other = replace(WANTED, lines=(WantedLine(name="MUG", quantity=Decimal(3)),))
    with pytest.raises(Permanent, match="REQUEST_ID_REUSED"):
        await create_order(shop.pipeline, OMS, other, encode)


async def test_the_same_reference_with_another_request_id_is_refused(shop: Shop):
    await create_order(shop.pipeline, OMS, WANTED, encode)
    with pytest.raises(Permanent, match="ALREADY_EXISTS"):
        await create_order(shop.pipeline, OMS, replace(WANTED, request_id="r2"), encode)


@pytest.mark.parametrize(
    ("changed", "reason", "path"),
    [
        ({"request_id": ""}, Reason.FIELD_MISSING, "request_id"),
        ({"request_id": "x" * 101}, Reason.FIELD_INVALID, "request_id"),
        ({"reference": ""}, Reason.FIELD_MISSING, "reference"),
        ({"lines": ()}, Reason.FIELD_MISSING, "lines"),
        ({"lines": (WantedLine(name="?", quantity=Decimal(1)),)}, Reason.SKU_UNKNOWN, "lines[0].sku"),
        ({"lines": (WantedLine(name="MUG", quantity=Decimal(0)),)}, Reason.QUANTITY_INVALID, "lines[0].quantity"),
        (
            {
                "lines": (WantedLine(name="MUG", quantity=Decimal(1), unit_price=Money(1, "EUR")),),
                "total": Money(1, "GBP"),
            },
            Reason.CURRENCY_INVALID,
            "lines",
        ),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_recorded(
    shop: Shop, changed: dict[str, object], reason: Reason, path: str
):
    with pytest.raises(Permanent) as refused:
        await create_order(shop.pipeline, OMS, replace(WANTED, **changed), encode)  # type: ignore[arg-type] # named fields
    assert (refused.value.reason, refused.value.path) == (reason, path)
    assert await shop.orders() == []


async def test_two_lines_of_one_sku_are_wanted_together(shop: Shop):
    await shop.receive("wh-east", "MUG", "3")
    lines = (WantedLine(name="MUG", quantity=Decimal(2)), WantedLine(name="MUG", quantity=Decimal(2)))
    await create_order(shop.pipeline, OMS, replace(WANTED, lines=lines), encode)
    [order] = await shop.orders()
    assert order.status is OrderStatus.AWAITING_STOCK


async def test_a_location_takes_no_more_orders_than_its_capacity(shop: Shop):
    async with shop.core.begin(TENANT) as uow:
        east = await uow.locations.get("wh-east")
        assert east is not None
        await uow.locations.put(replace(east, daily_capacity=1))
        await uow.commit()
    await shop.receive("wh-east", "MUG", "9")
    for number in (1, 2):
        await create_order(
            shop.pipeline, OMS, replace(WANTED, request_id=f"r{number}", reference=f"web-{number}"), encode
        )
    statuses = {order.reference: order.status for order in await shop.orders()}
    assert statuses == {"web-1": OrderStatus.ROUTED, "web-2": OrderStatus.AWAITING_STOCK}


async def test_cancelling_a_waiting_order_ends_it_and_again_changes_nothing(shop: Shop):
    await create_order(shop.pipeline, OMS, WANTED, encode)
    [order] = await shop.orders()
    first = await cancel_order(shop.pipeline, OMS, order.order_id, "x")
    again = await cancel_order(shop.pipeline, OMS, order.order_id, "x")
    assert first.status is again.status is OrderStatus.CANCELLED
    assert first.version == again.version


async def test_cancelling_a_routed_order_asks_the_warehouse_and_keeps_the_promise_until_it_agrees(shop: Shop):
    await shop.receive("wh-east", "MUG", "2")
    await create_order(shop.pipeline, OMS, WANTED, encode)
    [order] = await shop.orders()
    asked = await cancel_order(shop.pipeline, OMS, order.order_id, "x")
    assert asked.status is OrderStatus.CANCEL_REQUESTED
    assert (await shop.position("wh-east", "MUG")).reserved == Decimal(2)
    async with shop.core.begin(TENANT) as uow:
        report = WarehouseReport(order_id=order.order_id, status=OrderStatus.CANCELLED)
        await apply_warehouse_report(uow, report, shop.clock.now())
        await uow.commit()
    assert (await shop.position("wh-east", "MUG")).core_rights == Decimal(2)
    await shop.sound()


async def test_a_picked_order_cannot_be_cancelled(shop: Shop):
    await shop.receive("wh-east", "MUG", "2")
    await create_order(shop.pipeline, OMS, WANTED, encode)
    [order] = await shop.orders()
    async with shop.core.begin(TENANT) as uow:
        report = WarehouseReport(order_id=order.order_id, status=OrderStatus.PICKED)
        await apply_warehouse_report(uow, report, shop.clock.now())
        await uow.commit()
    with pytest.raises(Permanent, match="ORDER_NOT_CANCELLABLE"):
        await cancel_order(shop.pipeline, OMS, order.order_id, "x")


async def test_an_unknown_order_is_named(shop: Shop):
    with pytest.raises(Permanent, match="ORDER_UNKNOWN"):
        await cancel_order(shop.pipeline, OMS, "ord_404", "x")


async def test_fault_036_many_orders_at_once_for_few_units_get_exactly_those(shop: Shop):
    await shop.receive("wh-east", "MUG", "10")
    one = (WantedLine(name="MUG", quantity=Decimal(1)),)
    wanted = [replace(WANTED, request_id=f"r{number}", reference=f"web-{number}", lines=one) for number in range(30)]
    await asyncio.gather(*(create_order(shop.pipeline, OMS, each, encode) for each in wanted))
    orders = await shop.orders()
    assert sum(order.status is OrderStatus.ROUTED for order in orders) == 10
    assert sum(order.status is OrderStatus.AWAITING_STOCK for order in orders) == 20
    position = await shop.position("wh-east", "MUG")
    assert (position.core_rights, position.reserved) == (Decimal(0), Decimal(10))
    await shop.sound()
