"""OrderService: the OMS contract's messages in, use cases of `core_service.orders` called, their answers out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from core_service.domain.order import Order, OrderStatus
from core_service.domain.page import PageTokenInvalid, page_token, read_page_token
from core_service.downlink.oms_feed import OmsFeed
from core_service.grpc_api import caller, convert
from core_service.grpc_api.watching import cut, parts
from core_service.orders.placing import NewOrder, WantedLine, cancel_order, create_order
from core_service.pipeline.ingest import Pipeline
from core_service.ports.orders import OrderFilter, Place
from core_service.ports.work import ChangeKind
from tillstream.oms.v1 import order_service_pb2 as wire
from tillstream.oms.v1 import order_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

DEFAULT_PAGE = 50
LARGEST_PAGE = 500


class OrderService(order_service_pb2_grpc.OrderServiceServicer):
    """Takes in, shows, cancels and watches orders."""

    def __init__(self, pipeline: Pipeline, feed: OmsFeed) -> None:
        self._pipeline = pipeline
        self._feed = feed

    async def CreateOrder(self, request: wire.CreateOrderRequest, context: Context) -> wire.CreateOrderResponse:
        """Make an order, or give the first answer to a repeat."""
        answer = await create_order(self._pipeline, caller.credential(), _wanted(request), _encode)
        return wire.CreateOrderResponse.FromString(answer)

    async def GetOrder(self, request: wire.GetOrderRequest, context: Context) -> wire.GetOrderResponse:
        """Show one order."""
        name = convert.required(request.order_id, "order_id")
        async with self._pipeline.core.read(caller.credential().tenant) as uow:
            order = await uow.orders.get(name)
        if order is None:
            raise Permanent(Reason.ORDER_UNKNOWN, f"There is no order {name!r}.", path="order_id")
        return wire.GetOrderResponse(order=convert.order_message(order))

    async def ListOrders(self, request: wire.ListOrdersRequest, context: Context) -> wire.ListOrdersResponse:
        """List orders, newest first; a page of very long orders ends before `page_size`."""
        which, size, before = _query(request)
        async with self._pipeline.core.read(caller.credential().tenant) as uow:
            found = await uow.orders.list(which, before, size + 1)
        shown = cut(map(convert.order_message, found[:size]))[0]
        token = page_token(_named(which), _place(found[len(shown) - 1])) if len(found) > len(shown) else ""
        return wire.ListOrdersResponse(orders=shown, next_page_token=token)

    async def CancelOrder(self, request: wire.CancelOrderRequest, context: Context) -> wire.CancelOrderResponse:
        """Cancel an order, or ask its warehouse to."""
        name, note = (
            convert.required(request.order_id, "order_id"),
            convert.text(request.note, "note", convert.LONGEST_NOTE),
        )
        order = await cancel_order(self._pipeline, caller.credential(), name, note)
        return wire.CancelOrderResponse(order=convert.order_message(order))

    async def WatchOrders(
        self, request: wire.WatchOrdersRequest, context: Context
    ) -> AsyncIterator[wire.WatchOrdersResponse]:
        """Send every order as it changes."""
        tenant = caller.credential().tenant

        async def read(names: Sequence[str]) -> list[wire.Order]:
            async with self._pipeline.core.read(tenant) as uow:
                orders = await uow.orders.get_many(names)
            return [convert.order_message(orders[name]) for name in names if name in orders]

        news = self._feed.watch(tenant, ChangeKind.ORDER, request.resume_token)
        async for part in parts(news, request.resume_token, read):
            yield wire.WatchOrdersResponse(
                orders=part.messages, resume_token=part.resume_token, restarted=part.restarted
            )


def _encode(order: Order) -> bytes:
    return wire.CreateOrderResponse(order=convert.order_message(order)).SerializeToString(deterministic=True)


def _wanted(request: wire.CreateOrderRequest) -> NewOrder:
    _one_currency(request)
    return NewOrder(
        request_id=convert.request_id(request.request_id),
        reference=convert.required(request.reference, "reference"),
        lines=tuple(_line(line, f"lines[{place}]") for place, line in enumerate(request.lines)),
        ship_to=convert.address(request.ship_to, "ship_to"),
        total=convert.money(request.total, "total") if request.HasField("total") else None,
    )


def _one_currency(request: wire.CreateOrderRequest) -> None:
    amounts = [(request.total.currency_code, "total")] if request.HasField("total") else []
    for place, line in enumerate(request.lines):
        if line.HasField("unit_price"):
            amounts.append((line.unit_price.currency_code, f"lines[{place}].unit_price"))
    for code, path in amounts:
        convert.currency(code, path)
        if code != amounts[0][0]:
            sentence = f"Give all amounts of an order in one currency; {amounts[0][1]} is in {amounts[0][0]}."
            raise Permanent(Reason.CURRENCY_INVALID, sentence, path=f"{path}.currency_code")


def _line(line: wire.OrderLine, path: str) -> WantedLine:
    return WantedLine(
        name=convert.required(line.sku, f"{path}.sku"),
        quantity=convert.quantity(line.quantity, f"{path}.quantity"),
        unit_price=convert.money(line.unit_price, f"{path}.unit_price") if line.HasField("unit_price") else None,
    )


def _query(request: wire.ListOrdersRequest) -> tuple[OrderFilter, int, Place | None]:
    if not 0 <= request.page_size <= LARGEST_PAGE:
        raise Permanent(Reason.FIELD_INVALID, f"Give a page size from 1 to {LARGEST_PAGE}.", path="page_size")
    which = OrderFilter(status=_status(request.status), reference=convert.text(request.reference, "reference"))
    before: Place | None = None
    if request.page_token:
        try:
            at, name = read_page_token(_named(which), request.page_token, (int, str))
        except PageTokenInvalid as error:
            sentence = (
                "The page token is not of this listing; begin without one, and keep the filter from page to page."
            )
            raise Permanent(Reason.PAGE_TOKEN_INVALID, sentence, path="page_token") from error
        before = (int(at), str(name))
    return which, request.page_size or DEFAULT_PAGE, before


def _status(value: int) -> OrderStatus | None:
    if value == wire.ORDER_STATUS_UNSPECIFIED:
        return None
    try:
        return OrderStatus(wire.OrderStatus.Name(value).removeprefix("ORDER_STATUS_"))  # type: ignore[arg-type]
    except ValueError as error:
        raise Permanent(Reason.FIELD_INVALID, f"There is no order status {value}.", path="status") from error


def _named(which: OrderFilter) -> tuple[str, ...]:
    return ("orders", which.status or "", which.reference)


def _place(order: Order) -> Place:
    return (to_millis(order.created_at), order.order_id)
