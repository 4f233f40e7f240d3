"""Each field of a new order that is wrong is named: its path, a stable reason, and nothing is recorded."""

from __future__ import annotations

from typing import Any

from tests.core_service.grpc_api.oms import new_order, open_api
from tillstream.oms.v1 import order_service_pb2 as wire
from tillstream.oms.v1.address_pb2 import Address
from tillstream.oms.v1.money_pb2 import Money


def _address(**changed: Any) -> Address:
    fields: dict[str, Any] = {"name": "Ada", "lines": ["1"], "city": "Leeds", "country_code": "GB", **changed}
    return Address(**fields)


def _line(**changed: Any) -> dict[str, Any]:
    return {
        "lines": [wire.OrderLine(sku="MUG", quantity="1"), wire.OrderLine(**{"sku": "MUG", "quantity": "1", **changed})]
    }


BAD: list[tuple[dict[str, Any], str, str, str]] = [
    ({"request_id": ""}, "INVALID_ARGUMENT", "FIELD_MISSING", "request_id"),
    ({"request_id": "x" * 101}, "INVALID_ARGUMENT", "FIELD_INVALID", "request_id"),
    ({"request_id": "a\0b"}, "INVALID_ARGUMENT", "TEXT_NOT_STORABLE", "request_id"),
    ({"reference": " "}, "INVALID_ARGUMENT", "FIELD_MISSING", "reference"),
    ({"reference": "x" * 201}, "INVALID_ARGUMENT", "FIELD_INVALID", "reference"),
    ({"lines": []}, "INVALID_ARGUMENT", "FIELD_MISSING", "lines"),
    ({"lines": [wire.OrderLine(sku="MUG", quantity="1")] * 1001}, "RESOURCE_EXHAUSTED", "TOO_LARGE", "lines"),
    (_line(sku=""), "INVALID_ARGUMENT", "FIELD_MISSING", "lines[1].sku"),
    (_line(sku="VASE"), "NOT_FOUND", "SKU_UNKNOWN", "lines[1].sku"),
    (_line(sku="OLD"), "FAILED_PRECONDITION", "SKU_RETIRED", "lines[1].sku"),
    (_line(quantity=""), "INVALID_ARGUMENT", "FIELD_MISSING", "lines[1].quantity"),
    *[
        (_line(quantity=text), "INVALID_ARGUMENT", "QUANTITY_INVALID", "lines[1].quantity")
        for text in (
            "0",
            "-1",
            "two",
            "1e2",
            "NaN",
            "Infinity",
            "1_000",
            " 1",
            "٢",
            "1.0000001",
            "1000000000",
            "\U0001f375" * 9999,
        )
    ],
    (
        _line(unit_price=Money(minor_units=1)),
        "INVALID_ARGUMENT",
        "CURRENCY_INVALID",
        "lines[1].unit_price.currency_code",
    ),
    (
        {"total": Money(minor_units=1, currency_code="gbp")},
        "INVALID_ARGUMENT",
        "CURRENCY_INVALID",
        "total.currency_code",
    ),
    ({"total": Money(minor_units=-1, currency_code="GBP")}, "INVALID_ARGUMENT", "AMOUNT_INVALID", "total.minor_units"),
    (
        {"total": Money(minor_units=2**62, currency_code="GBP")},
        "INVALID_ARGUMENT",
        "AMOUNT_INVALID",
        "total.minor_units",
    ),
    (
        {
            **_line(unit_price=Money(minor_units=1, currency_code="EUR")),
            "total": Money(minor_units=1, currency_code="GBP"),
        },
        "INVALID_ARGUMENT",
        "CURRENCY_INVALID",
        "lines[1].unit_price.currency_code",
    ),
    ({"ship_to": None}, "INVALID_ARGUMENT", "ADDRESS_MISSING", "ship_to"),
    ({"ship_to": _address(country_code="ZZ")}, "INVALID_ARGUMENT", "ADDRESS_INVALID", "ship_to.country_code"),
    ({"ship_to": _address(country_code="gb")}, "INVALID_ARGUMENT", "ADDRESS_INVALID", "ship_to.country_code"),
    ({"ship_to": _address(lines=[])}, "INVALID_ARGUMENT", "ADDRESS_INVALID", "ship_to.lines"),
    ({"ship_to": _address(lines=["1"] * 6)}, "INVALID_ARGUMENT", "ADDRESS_INVALID", "ship_to.lines"),
    ({"ship_to": _address(lines=["1", ""])}, "INVALID_ARGUMENT", "FIELD_MISSING", "ship_to.lines[1]"),
    ({"ship_to": _address(name="")}, "INVALID_ARGUMENT", "FIELD_MISSING", "ship_to.name"),
    ({"ship_to": _address(city="")}, "INVALID_ARGUMENT", "FIELD_MISSING", "ship_to.city"),
    ({"ship_to": _address(phone="\0")}, "INVALID_ARGUMENT", "TEXT_NOT_STORABLE", "ship_to.phone"),
]


async def test_each_wrong_field_is_named_with_its_path_and_leaves_no_trace() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        for changed, code, reason, path in BAD:
            fields: dict[str, Any] = {"reference": "1", "request_id": "1", **changed}
            refusal = await client.refusal(client.orders.CreateOrder, new_order(**fields))
            assert refusal == (code, reason, path), changed
        assert await shop.orders() == []
        answer = await client.ask(client.orders.CreateOrder, new_order("1", request_id="1"))
        assert answer.order.reference == "1", "a refused request leaves its id free"


def test_the_table_of_bad_orders_reaches_every_field_of_the_request() -> None:
    fields = {field.name for field in wire.CreateOrderRequest.DESCRIPTOR.fields}
    assert fields <= {path.split("[")[0].split(".")[0] for _, _, _, path in BAD}
