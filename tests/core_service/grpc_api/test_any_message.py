"""Whatever an OMS sends, it is answered, or refused with a reason of the catalogue: never an internal error, never a broken ledger."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import AsyncExitStack
from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.reasons import Reason
from core_service.domain.page import page_token
from tests.core_service.grpc_api.oms import GTIN, LEEDS, Api, Client, open_api, told
from tests.core_service.shop import Shop
from tillstream.oms.v1 import exception_service_pb2, order_service_pb2, stock_service_pb2, why_service_pb2

SERVICES = {
    "orders": order_service_pb2.DESCRIPTOR.services_by_name["OrderService"],
    "stock": stock_service_pb2.DESCRIPTOR.services_by_name["StockService"],
    "exceptions": exception_service_pb2.DESCRIPTOR.services_by_name["ExceptionService"],
    "why": why_service_pb2.DESCRIPTOR.services_by_name["WhyService"],
}
METHODS = [
    (service, method.name, method.input_type, method.server_streaming)
    for service, descriptor in SERVICES.items()
    for method in descriptor.methods
]
NEVER = {"INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "UNAVAILABLE"}


def _forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


def _forged_places(*which: str) -> list[str]:
    right = json.loads(base64.urlsafe_b64decode(page_token(which, ()) + "=="))[0]
    places: list[tuple[Any, ...]] = [
        (10**30, "x"),
        (-(2**63), "\0"),
        (0, "\ud800"),
        (1.5, "x"),
        (True, "x"),
        ([], {}),
        ("x", "\udfff"),
        ("wh-east", "\0"),
        ("x",),
        (2**63 - 1, "zzz"),
    ]
    return [_forged(right, *place) for place in places]


FORGED = {
    ("orders", "ListOrders"): _forged_places("orders", "", ""),
    ("stock", "BatchGetStockLevels"): _forged_places("levels", ""),
    ("exceptions", "ListExceptions"): _forged_places("exceptions", "", ""),
}
TOKENS = [
    *(token for tokens in FORGED.values() for token in tokens),
    base64.urlsafe_b64encode(b"1|x|order|-9").decode().rstrip("="),
    "[" * 3000,
]
NAMES = [
    "MUG",
    "becher",
    GTIN,
    "OLD",
    "wh-east",
    "north",
    "ord_x",
    "sal_",
    "exc_x",
    "rcp_x",
    "GB",
    "GBP",
    "SKU_UNKNOWN",
    "1",
    "-2",
    "0.5",
]
TEXT = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(TOKENS),
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "x" * 101,
            "x" * 501,
            "\U0001f375" * 300,
            "1e999999999",
            "NaN",
            "9" * 5000,
            "-0",
            "%s",
            "';--",
            "\x7f\x1b",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_STRING: TEXT,
    FieldDescriptor.CPPTYPE_INT32: st.one_of(st.integers(-2, 3), st.integers(-(2**31), 2**31 - 1)),
    FieldDescriptor.CPPTYPE_INT64: st.one_of(st.integers(-2, 3), st.integers(-(2**63), 2**63 - 1)),
    FieldDescriptor.CPPTYPE_ENUM: st.one_of(st.integers(0, 11), st.integers(-(2**31), 2**31 - 1)),
}


def _value(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        messages = _messages(field.message_type)
        return st.one_of(st.just(LEEDS), messages) if field.message_type is LEEDS.DESCRIPTOR else messages
    return SCALARS[field.cpp_type]


def _messages(descriptor: Descriptor) -> st.SearchStrategy[Message]:
    fields = {
        field.name: st.lists(_value(field), max_size=3) if field.is_repeated else _value(field)
        for field in descriptor.fields
    }
    # Mostly whole messages, so that what stands behind the first checks is reached too.
    some = st.one_of(st.fixed_dictionaries(fields), st.fixed_dictionaries({}, optional=fields))
    return some.map(lambda values: GetMessageClass(descriptor)(**values))


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, bool, Message]:
    """Return a service, a method, whether it streams, and a request."""
    service, name, request, streams = draw(st.sampled_from(METHODS))
    return service, name, streams, draw(_messages(request))


async def _call(client: Client, api: Api, call: tuple[str, str, bool, Message]) -> None:
    service, name, streams, request = call
    method = getattr(getattr(client, service), name)
    try:
        if streams:
            stream = client.watch(method, request)
            await api.numbering.round()
            await stream.read()
            stream.cancel()
        else:
            await client.ask(method, request)
    except grpc.aio.AioRpcError as error:
        _check(name, error)


def _check(name: str, error: grpc.aio.AioRpcError) -> None:
    code, reason, _ = told(error)
    assert code not in NEVER, f"{name} answered {code} {reason} {error.details()}"
    assert reason in Reason.__members__
    assert reason != "INTERNAL"


def test_any_message_is_answered_or_refused_with_a_reason_and_the_ledger_stays_sound() -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        shop, api = runner.run(stack.enter_async_context(open_api()))
        client = runner.run(api.client())

        @settings(max_examples=300)
        @given(call=calls())
        def check(call: tuple[str, str, bool, Message]) -> None:
            runner.run(_call(client, api, call))

        try:
            runner.run(_stock(shop))
            check()
            runner.run(shop.sound())
        finally:
            runner.run(stack.aclose())


async def test_a_forged_page_token_is_refused_or_harmless() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        for (service, name), tokens in FORGED.items():
            descriptor = SERVICES[service].methods_by_name[name].input_type
            for token in tokens:
                await _call(client, api, (service, name, False, GetMessageClass(descriptor)(page_token=token)))


async def _stock(shop: Shop) -> None:
    await shop.receive("wh-east", "MUG", "5")
    await shop.receive("north", "MUG", "5")


def test_every_method_of_the_oms_contract_for_orders_stock_exceptions_and_why_is_tried() -> None:
    assert len(METHODS) == 14
