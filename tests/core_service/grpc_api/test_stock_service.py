"""StockService's promises to the OMS, over the wire: what is booked once, what is refused whole, what nobody else sees."""

from __future__ import annotations

from typing import Any

import pytest

from core_service.domain.setup import Scope
from tests.core_service.grpc_api.oms import GTIN, RIVAL, Client, new_order, open_api
from tests.core_service.shop import TENANT
from tillstream.oms.v1 import stock_service_pb2 as wire


def items(*pairs: tuple[str, str]) -> list[wire.StockItem]:
    """Return items."""
    return [wire.StockItem(sku=sku, quantity=quantity) for sku, quantity in pairs]


async def receive(client: Client, location: str, *pairs: tuple[str, str]) -> wire.ReceiveStockResponse:
    """Book goods in."""
    request = wire.ReceiveStockRequest(request_id=f"{location} {pairs}", location=location, items=items(*pairs))
    answer: wire.ReceiveStockResponse = await client.ask(client.stock.ReceiveStock, request)
    return answer


async def levels(client: Client, **query: Any) -> dict[tuple[str, str], str]:
    """Return what is on hand, page by page."""
    found: dict[tuple[str, str], str] = {}
    token = ""
    while True:
        request = wire.BatchGetStockLevelsRequest(page_token=token, **query)
        page = await client.ask(client.stock.BatchGetStockLevels, request)
        for level in page.levels:
            assert (level.location, level.sku) not in found
            found[level.location, level.sku] = level.on_hand
        token = page.next_page_token
        if not token:
            return found


async def test_goods_received_at_a_warehouse_are_the_cores_to_promise() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        answer = await receive(client, "wh-east", ("becher", "5.50"), (GTIN, "0.25"))
        [level] = answer.levels
        assert (level.location, level.sku, level.on_hand, level.core_rights) == ("wh-east", "MUG", "5.75", "5.75")
        assert (level.store_rights, level.reserved, level.in_flight) == ("0", "0", "0")
        assert level.update_time.ToDatetime() == shop.clock.now().replace(tzinfo=None)
        await shop.sound()


async def test_goods_received_at_a_store_are_shared_with_it() -> None:
    async with open_api() as (shop, api):
        [level] = (await receive(await api.client(), "north", ("MUG", "10"))).levels
        assert (level.on_hand, level.core_rights, level.in_flight) == ("10", "2", "8")
        await shop.sound()


async def test_a_count_books_its_difference_up_and_down_even_below_zero() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        request = wire.AdjustStockRequest(
            request_id="1", location="wh-east", items=items(("MUG", "+3"), ("CUP", "-2")), note="count of May"
        )
        answer = await client.ask(client.stock.AdjustStock, request)
        assert [(level.sku, level.on_hand) for level in answer.levels] == [("CUP", "-2"), ("MUG", "3")]
        await shop.sound()


async def test_a_transfer_moves_what_the_core_may_promise_and_never_more() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await receive(client, "wh-east", ("MUG", "5"), ("CUP", "1"))
        await client.ask(client.orders.CreateOrder, new_order("1", quantity="2"))
        moves = [
            ("too much", items(("CUP", "1"), ("MUG", "4"))),
            ("twice", items(("MUG", "2"), ("MUG", "2"))),
        ]
        for name, wanted in moves:
            request = wire.TransferStockRequest(
                request_id=name, from_location="wh-east", to_location="north", items=wanted
            )
            refusal = await client.refusal(client.stock.TransferStock, request)
            assert refusal == ("FAILED_PRECONDITION", "INSUFFICIENT_STOCK", "items[1].quantity")
        assert await levels(client) == {("wh-east", "CUP"): "1", ("wh-east", "MUG"): "5"}
        request = wire.TransferStockRequest(
            request_id="3", from_location="wh-east", to_location="north", items=items(("MUG", "3"))
        )
        answer = await client.ask(client.stock.TransferStock, request)
        assert [(level.location, level.on_hand) for level in answer.levels] == [("north", "3"), ("wh-east", "2")]
        await shop.sound()


@pytest.mark.parametrize("method", ["ReceiveStock", "AdjustStock", "TransferStock"])
async def test_a_repeat_books_once_and_gets_the_first_answer_byte_for_byte(method: str) -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await receive(client, "wh-east", ("MUG", "50"))
        request = _request(method, "1", "2")
        first = await client.ask(getattr(client.stock, method), request)
        await receive(client, "wh-east", ("MUG", "7"))
        again = await client.ask(getattr(client.stock, method), request)
        assert again.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)
        other = _request(method, "1", "3")
        refused = ("ALREADY_EXISTS", "REQUEST_ID_REUSED", "request_id")
        assert await client.refusal(getattr(client.stock, method), other) == refused
        colleague = await api.client()
        await colleague.ask(getattr(colleague.stock, method), other)
        await shop.sound()


def _request(method: str, request_id: str, quantity: str) -> Any:
    if method == "TransferStock":
        return wire.TransferStockRequest(
            request_id=request_id, from_location="wh-east", to_location="north", items=items(("MUG", quantity))
        )
    kind = wire.ReceiveStockRequest if method == "ReceiveStock" else wire.AdjustStockRequest
    return kind(request_id=request_id, location="wh-east", items=items(("MUG", quantity)))


BAD: list[tuple[dict[str, Any], str, str, str]] = [
    ({"request_id": ""}, "INVALID_ARGUMENT", "FIELD_MISSING", "request_id"),
    ({"location": ""}, "INVALID_ARGUMENT", "FIELD_MISSING", "location"),
    ({"location": "moon"}, "NOT_FOUND", "REFERENCE_UNKNOWN", "location"),
    ({"items": []}, "INVALID_ARGUMENT", "FIELD_MISSING", "items"),
    ({"items": items(*[("MUG", "1")] * 1001)}, "RESOURCE_EXHAUSTED", "TOO_LARGE", "items"),
    ({"items": items(("MUG", "1"), ("VASE", "1"))}, "NOT_FOUND", "SKU_UNKNOWN", "items[1].sku"),
    ({"items": items(("", "1"))}, "INVALID_ARGUMENT", "FIELD_MISSING", "items[0].sku"),
    ({"items": items(("MUG", ""))}, "INVALID_ARGUMENT", "FIELD_MISSING", "items[0].quantity"),
    ({"items": items(("MUG", "0"))}, "INVALID_ARGUMENT", "QUANTITY_INVALID", "items[0].quantity"),
    ({"items": items(("MUG", "1e3"))}, "INVALID_ARGUMENT", "QUANTITY_INVALID", "items[0].quantity"),
]


async def test_each_wrong_field_is_named_with_its_path_and_books_nothing() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        good: dict[str, Any] = {"request_id": "1", "location": "wh-east", "items": items(("MUG", "1"))}
        for changed, code, reason, path in BAD:
            for method, kind in (
                (client.stock.ReceiveStock, wire.ReceiveStockRequest),
                (client.stock.AdjustStock, wire.AdjustStockRequest),
            ):
                assert await client.refusal(method, kind(**{**good, **changed})) == (code, reason, path)
        negative = wire.ReceiveStockRequest(**{**good, "items": items(("MUG", "-1"))})
        refusal = await client.refusal(client.stock.ReceiveStock, negative)
        assert refusal == ("INVALID_ARGUMENT", "QUANTITY_INVALID", "items[0].quantity")
        note = wire.AdjustStockRequest(**good, note="x" * 501)
        assert (await client.refusal(client.stock.AdjustStock, note))[1:] == ("FIELD_INVALID", "note")
        reference = wire.ReceiveStockRequest(**good, reference="a\0")
        assert (await client.refusal(client.stock.ReceiveStock, reference))[1:] == ("TEXT_NOT_STORABLE", "reference")
        for changed, reason, path in (
            ({"from_location": ""}, "FIELD_MISSING", "from_location"),
            ({"to_location": ""}, "FIELD_MISSING", "to_location"),
            ({"from_location": "moon"}, "REFERENCE_UNKNOWN", "from_location"),
            ({"to_location": "moon"}, "REFERENCE_UNKNOWN", "to_location"),
            ({"to_location": "wh-east"}, "FIELD_INVALID", "to_location"),
        ):
            fields = {"request_id": "1", "from_location": "wh-east", "to_location": "north", **changed}
            request = wire.TransferStockRequest(**fields, items=items(("MUG", "1")))
            assert (await client.refusal(client.stock.TransferStock, request))[1:] == (reason, path)
        assert await levels(client) == {}


async def test_levels_are_filtered_by_any_name_of_a_sku_and_paged_without_a_gap() -> None:
    async with open_api("north", "south") as (_, api):
        client = await api.client()
        for location in ("north", "south", "wh-east"):
            await receive(client, location, ("MUG", "1"), ("CUP", "2"), ("BOWL", "3"))
        everything = await levels(client)
        assert list(everything) == sorted(everything)
        assert len(everything) == 9
        for size in (1, 2, 4, 9, 1000):
            assert list((await levels(client, page_size=size)).items()) == list(everything.items())
        mugs = {pair: "1" for pair in everything if pair[1] == "MUG"}
        assert await levels(client, skus=[GTIN, "becher"]) == mugs
        assert await levels(client, skus=["CUP"], locations=["south"]) == {("south", "CUP"): "2"}
        assert await levels(client, skus=["OLD"]) == {}, "a pair never booked is absent"


async def test_a_wrong_listing_is_refused_by_name() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        await receive(client, "wh-east", ("MUG", "1"), ("CUP", "2"))
        page = await client.ask(client.stock.BatchGetStockLevels, wire.BatchGetStockLevelsRequest(page_size=1))
        token = page.next_page_token
        for query, reason, path in (
            ({"page_size": 1001}, "FIELD_INVALID", "page_size"),
            ({"page_size": -1}, "FIELD_INVALID", "page_size"),
            ({"page_token": token, "skus": ["MUG"]}, "PAGE_TOKEN_INVALID", "page_token"),
            ({"page_token": token + "x"}, "PAGE_TOKEN_INVALID", "page_token"),
            ({"skus": ["MUG", "VASE"]}, "SKU_UNKNOWN", "skus[1]"),
            ({"skus": [""]}, "FIELD_MISSING", "skus[0]"),
            ({"locations": ["wh-east", "moon"]}, "REFERENCE_UNKNOWN", "locations[1]"),
            ({"locations": ["a\0"]}, "TEXT_NOT_STORABLE", "locations[0]"),
            ({"skus": ["MUG"] * 1001}, "TOO_LARGE", "skus"),
            ({"locations": ["wh-east"] * 1001}, "TOO_LARGE", "locations"),
        ):
            request = wire.BatchGetStockLevelsRequest(**query)
            assert (await client.refusal(client.stock.BatchGetStockLevels, request))[1:] == (reason, path)


async def test_no_tenant_sees_or_moves_anothers_stock() -> None:
    async with open_api() as (_, api):
        client, rival = await api.client(), await api.client(RIVAL)
        await receive(client, "wh-east", ("MUG", "5"))
        assert await levels(rival) == {}
        await receive(rival, "wh-east", ("MUG", "1"))
        assert await levels(rival) == {("wh-east", "MUG"): "1"}
        assert await levels(client) == {("wh-east", "MUG"): "5"}
        unknown = wire.ReceiveStockRequest(request_id="9", location="north", items=items(("MUG", "1")))
        assert (await rival.refusal(rival.stock.ReceiveStock, unknown))[1] == "REFERENCE_UNKNOWN"


async def test_reading_needs_only_the_scope_to_read_and_writing_needs_its_own() -> None:
    async with open_api() as (_, api):
        reader = await api.client(TENANT, Scope.STOCK_READ)
        assert await levels(reader) == {}
        request = wire.ReceiveStockRequest(request_id="1", location="wh-east", items=items(("MUG", "1")))
        assert (await reader.refusal(reader.stock.ReceiveStock, request))[:2] == ("PERMISSION_DENIED", "SCOPE_MISSING")
