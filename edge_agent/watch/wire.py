"""The watch on gRPC: protobuf on the wire in, our news out; a thin shell that decides nothing. What this version does not know is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TypeAlias

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from adapters.canonical.chain import from_microseconds
from adapters.canonical.downlink import Change, GrantNews, LevelNews, News, OrderNews, SkuNews, TillNews, WatchFrom
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.channel import translated
from tillstream.edge.v1 import downlink_service_pb2, downlink_service_pb2_grpc

_Call: TypeAlias = grpc.aio.UnaryStreamCall[downlink_service_pb2.WatchRequest, downlink_service_pb2.WatchResponse]


class GrpcWatchTransport:
    """Opens watches, each on a connection of its own; `connect` makes a channel with the present address and certificate."""

    def __init__(self, connect: Callable[[], grpc.aio.Channel]) -> None:
        self._connect = connect

    async def open(self, start: WatchFrom) -> GrpcWatchCall:
        """Begin a watch; that the core is not there shows when its first news are awaited."""
        channel = self._connect()
        stub = downlink_service_pb2_grpc.DownlinkServiceStub(channel)
        request = downlink_service_pb2.WatchRequest(feed_id=start.feed_id, revision=start.revision)
        return GrpcWatchCall(channel, stub.Watch(request))


class GrpcWatchCall:
    """One watch on gRPC."""

    def __init__(self, channel: grpc.aio.Channel, call: _Call) -> None:
        self._channel = channel
        self._call = call

    async def receive(self) -> News | None:
        """Read the next news."""
        with translated():
            answer = await self._call.read()
        return to_news(answer) if isinstance(answer, downlink_service_pb2.WatchResponse) else None

    async def close(self) -> None:
        """Cancel the call and close its connection."""
        self._call.cancel()
        await self._channel.close()


def to_news(answer: downlink_service_pb2.WatchResponse) -> News:
    """Read a message of the core; raises Permanent(FIELD_INVALID) for a value that cannot be read."""
    try:
        changes = tuple(change for told in answer.changes if (change := _change(told)) is not None)
        return News(
            feed_id=answer.feed_id,
            revision=answer.revision,
            snapshot_begins=answer.snapshot_begins,
            complete=answer.complete,
            sent_at=_moment(answer.sent_time),
            changes=changes,
        )
    except (ValueError, ArithmeticError) as error:
        sentence = f"The core told something that cannot be read ({error}); update the older of agent and core."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="changes") from error


def _change(told: downlink_service_pb2.Change) -> Change | None:
    which = told.WhichOneof("change")
    if which == "stock_level":
        return _level(told.stock_level)
    if which == "rights_grant":
        grant = told.rights_grant
        return GrantNews(
            transfer_id=grant.transfer_id, sku=grant.sku, quantity=_quantity(grant.quantity), settled=grant.settled
        )
    if which == "order":
        return _order(told.order)
    if which == "till":
        return _till(told.till)
    if which == "sku":
        sku = told.sku
        return SkuNews(
            sku=sku.sku, name=sku.name, gtins=tuple(sku.gtins), aliases=tuple(sku.aliases), retired=sku.retired
        )
    return None


def _level(told: downlink_service_pb2.StockLevel) -> LevelNews:
    return LevelNews(
        sku=told.sku,
        on_hand=_quantity(told.on_hand),
        store_rights=_quantity(told.store_rights),
        core_rights=_quantity(told.core_rights),
        reserved=_quantity(told.reserved),
        epoch=told.epoch,
        sequence=told.sequence,
    )


def _order(told: downlink_service_pb2.OrderNews) -> OrderNews:
    return OrderNews(
        order_id=told.order_id,
        status=told.status,
        receipt_id=told.receipt_id,
        updated_at=_moment(told.update_time),
        location=told.location,
        tracking_number=told.tracking_number,
        sentence=told.sentence,
    )


def _till(told: downlink_service_pb2.TillSettings) -> TillNews:
    return TillNews(
        till=told.till,
        dialect=told.dialect,
        api_key_hashes=tuple(told.api_key_hashes),
        webhook_secret=told.webhook_secret,
        webhook_url=told.webhook_url,
        retired=told.retired,
        currency=told.currency_code,
        time_zone=told.time_zone,
        closing_time=time.fromisoformat(told.closing_time),
    )


def _quantity(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        message = f"{text!r} is no quantity"
        raise ValueError(message)
    return value


def _moment(stamp: Timestamp) -> datetime:
    return from_microseconds(stamp.seconds * 1_000_000 + stamp.nanos // 1000).astimezone(UTC)
