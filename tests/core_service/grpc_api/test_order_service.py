"""OrderService's promises to the OMS, over the wire: each call through the choke-point, on the real store, beside another tenant."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core_service.domain.order import OrderStatus
from core_service.domain.setup import Scope
from tests.core_service.grpc_api.oms import GTIN, LEEDS, RIVAL, Client, new_order, open_api
from tests.core_service.shop import TENANT, Shop
from tillstream.oms.v1 import order_service_pb2 as wire
from tillstream.oms.v1.address_pb2 import Address
from tillstream.oms.v1.money_pb2 import Money


async def create(client: Client, reference: str, **more: Any) -> wire.Order:
    """Make an order and return it."""
    answer: wire.CreateOrderResponse = await client.ask(client.orders.CreateOrder, new_order(reference, **more))
    return answer.order


async def test_an_order_that_stock_covers_is_reserved_and_routed() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await shop.receive("wh-east", "MUG", "5")
        price = Money(minor_units=450, currency_code="GBP")
        order = await create(
            client,
            "1",
            lines=[wire.OrderLine(number=9, sku="becher", quantity="2.0", unit_price=price)],
            total=Money(minor_units=900, currency_code="GBP"),
        )
        assert order.status == wire.ORDER_STATUS_ROUTED
        assert order.location == "wh-east"
        assert order.source == f"api/{client.credential.credential}"
        assert [(line.number, line.sku, line.quantity) for line in order.lines] == [(1, "MUG", "2")]
        assert order.lines[0].unit_price == price
        assert order.ship_to == LEEDS
        assert order.total.minor_units == 900
        assert order.create_time.ToDatetime() == shop.clock.now().replace(tzinfo=None)
        shown = await client.ask(client.orders.GetOrder, wire.GetOrderRequest(order_id=order.order_id))
        assert shown.order == order
        assert (await shop.position("wh-east", "MUG")).reserved == 2
        await shop.sound()


async def test_first_and_later_answers_give_the_same_time_whatever_the_clocks_precision() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        shop.clock.advance(0.123456)
        order = await create(client, "1")
        shown = await client.ask(client.orders.GetOrder, wire.GetOrderRequest(order_id=order.order_id))
        assert shown.order == order


async def test_an_order_that_nothing_covers_is_recorded_and_waits() -> None:
    async with open_api() as (_, api):
        order = await create(await api.client(), "1", sku=GTIN)
        assert order.status == wire.ORDER_STATUS_AWAITING_STOCK
        assert order.location == ""
        assert order.sentence


async def test_a_repeat_gets_the_first_answer_byte_for_byte_though_the_order_moved_on() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        request = new_order("1")
        first = await client.ask(client.orders.CreateOrder, request)
        cancelled = wire.CancelOrderRequest(order_id=first.order.order_id)
        await client.ask(client.orders.CancelOrder, cancelled)
        again = await client.ask(client.orders.CreateOrder, request)
        assert again.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)
        assert len(await shop.orders()) == 1


async def test_repeats_that_arrive_at_once_make_one_order_and_get_one_answer() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        asked = [client.ask(client.orders.CreateOrder, new_order("1")) for _ in range(8)]
        answers = await asyncio.gather(*asked)
        assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
        assert len(await shop.orders()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"reference": "2"},
        {"quantity": "3"},
        {"ship_to": Address(name="Bob", lines=["12 Park Row"], city="Leeds", country_code="GB", postal_code="LS1 5HD")},
        {"total": Money(minor_units=1, currency_code="GBP")},
    ],
)
async def test_a_request_id_with_another_body_is_refused_and_does_nothing(changed: dict[str, Any]) -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await create(client, "1")
        other = new_order(**{"reference": "1", "request_id": "req 1", **changed})
        refusal = await client.refusal(client.orders.CreateOrder, other)
        assert refusal == ("ALREADY_EXISTS", "REQUEST_ID_REUSED", "request_id")
        assert len(await shop.orders()) == 1


async def test_a_reference_is_unique_for_the_credential_and_free_for_another() -> None:
    async with open_api() as (_, api):
        client, colleague = await api.client(), await api.client()
        await create(client, "1")
        refusal = await client.refusal(client.orders.CreateOrder, new_order("1", request_id="another"))
        assert refusal == ("ALREADY_EXISTS", "ALREADY_EXISTS", "reference")
        assert (await create(colleague, "1")).source == f"api/{colleague.credential.credential}"


async def test_unknown_orders_are_told_apart_from_missing_ids() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        unknown = ("NOT_FOUND", "ORDER_UNKNOWN", "order_id")
        assert await client.refusal(client.orders.GetOrder, wire.GetOrderRequest(order_id="ord_x")) == unknown
        assert await client.refusal(client.orders.CancelOrder, wire.CancelOrderRequest(order_id="ord_x")) == unknown
        missing = ("INVALID_ARGUMENT", "FIELD_MISSING", "order_id")
        assert await client.refusal(client.orders.GetOrder, wire.GetOrderRequest()) == missing


async def _pages(client: Client, **query: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    token = ""
    while True:
        answer = await client.ask(client.orders.ListOrders, wire.ListOrdersRequest(page_token=token, **query))
        pages.append([order.reference for order in answer.orders])
        token = answer.next_page_token
        if not token:
            return pages


async def test_a_listing_shows_each_order_once_newest_first_and_by_its_filter() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await shop.receive("wh-east", "MUG", "2")
        for reference in "12345":
            await create(client, reference)
            shop.clock.advance(1)
        assert await _pages(client, page_size=2) == [["5", "4"], ["3", "2"], ["1"]]
        assert await _pages(client) == [["5", "4", "3", "2", "1"]]
        assert await _pages(client, page_size=1, status=wire.ORDER_STATUS_ROUTED) == [["1"]]
        assert await _pages(client, page_size=5, status=wire.ORDER_STATUS_AWAITING_STOCK) == [["5", "4", "3", "2"]]
        assert await _pages(client, reference="3") == [["3"]]
        assert await _pages(client, reference="9") == [[]]


async def test_a_page_token_fits_only_its_own_listing() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        for reference in "12":
            await create(client, reference)
            shop.clock.advance(1)
        page = await client.ask(client.orders.ListOrders, wire.ListOrdersRequest(page_size=1))
        refused = ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID", "page_token")
        token = page.next_page_token
        for query in (
            wire.ListOrdersRequest(page_token=token, reference="1"),
            wire.ListOrdersRequest(page_token=token, status=wire.ORDER_STATUS_ROUTED),
            wire.ListOrdersRequest(page_token=token[:-3]),
            wire.ListOrdersRequest(page_token="é"),
        ):
            assert await client.refusal(client.orders.ListOrders, query) == refused
        for size in (-1, 501):
            refusal = await client.refusal(client.orders.ListOrders, wire.ListOrdersRequest(page_size=size))
            assert refusal == ("INVALID_ARGUMENT", "FIELD_INVALID", "page_size")
        refusal = await client.refusal(client.orders.ListOrders, wire.ListOrdersRequest(status=77))  # type: ignore[arg-type]
        assert refusal == ("INVALID_ARGUMENT", "FIELD_INVALID", "status")


async def test_pages_of_very_long_orders_stay_below_what_a_client_receives() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        lines = [
            wire.OrderLine(sku="MUG", quantity="0.000001", unit_price=Money(minor_units=10**9, currency_code="GBP"))
        ] * 1000
        for number in range(70):
            await create(client, str(number), lines=lines)
            shop.clock.advance(1)
        pages = await _pages(client, page_size=500)
        assert len(pages) > 1
        assert [name for page in pages for name in page] == [str(number) for number in reversed(range(70))]


async def test_a_waiting_order_is_cancelled_at_once_and_its_goods_are_free() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        order = await create(client, "1")
        request = wire.CancelOrderRequest(order_id=order.order_id, note="customer called")
        cancelled = (await client.ask(client.orders.CancelOrder, request)).order
        assert cancelled.status == wire.ORDER_STATUS_CANCELLED
        assert "customer called" in cancelled.sentence
        assert cancelled.etag != order.etag
        assert (await client.ask(client.orders.CancelOrder, request)).order == cancelled, "asking again changes nothing"


async def test_an_order_at_a_warehouse_is_asked_to_stop_and_a_picked_one_goes_on() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await shop.receive("wh-east", "MUG", "9")
        routed, picked = await create(client, "1"), await create(client, "2")
        asked = await client.ask(client.orders.CancelOrder, wire.CancelOrderRequest(order_id=routed.order_id))
        assert asked.order.status == wire.ORDER_STATUS_CANCEL_REQUESTED
        await _set_status(shop, picked.order_id, OrderStatus.PICKED)
        refusal = await client.refusal(client.orders.CancelOrder, wire.CancelOrderRequest(order_id=picked.order_id))
        assert refusal[:2] == ("FAILED_PRECONDITION", "ORDER_NOT_CANCELLABLE")


async def _set_status(shop: Shop, order_id: str, status: OrderStatus) -> None:
    async with shop.core.begin(TENANT) as uow:
        order = await uow.orders.get(order_id)
        assert order is not None
        await uow.orders.save(replace(order, status=status, version=order.version + 1))
        await uow.commit()


async def test_no_tenant_sees_or_touches_anothers_orders() -> None:
    async with open_api() as (shop, api):
        client, rival = await api.client(), await api.client(RIVAL)
        ours = await create(client, "1")
        theirs = await create(rival, "1")
        assert theirs.order_id != ours.order_id
        assert await _pages(rival) == [["1"]]
        unknown = ("NOT_FOUND", "ORDER_UNKNOWN", "order_id")
        assert await rival.refusal(rival.orders.GetOrder, wire.GetOrderRequest(order_id=ours.order_id)) == unknown
        assert await rival.refusal(rival.orders.CancelOrder, wire.CancelOrderRequest(order_id=ours.order_id)) == unknown
        await create(client, "2")
        await create(client, "3")
        page = await client.ask(client.orders.ListOrders, wire.ListOrdersRequest(page_size=1))
        request = wire.ListOrdersRequest(page_size=500, page_token=page.next_page_token)
        seen = await rival.ask(rival.orders.ListOrders, request)
        assert {order.order_id for order in seen.orders} <= {theirs.order_id}, "a page token names no tenant"
        assert len(await shop.orders()) == 3


async def test_reading_needs_only_the_scope_to_read_and_writing_needs_its_own() -> None:
    async with open_api() as (_, api):
        reader = await api.client(TENANT, Scope.ORDERS_READ)
        assert await _pages(reader) == [[]]
        refusal = await reader.refusal(reader.orders.CreateOrder, new_order("1"))
        assert refusal[:2] == ("PERMISSION_DENIED", "SCOPE_MISSING")
