"""The way down on the wire: our news in, protobuf for an agent out; conversion only."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from adapters.canonical.chain import microseconds
from adapters.canonical.downlink import Change, GrantNews, LevelNews, News, OrderNews, SkuNews, TillNews, WatchFrom
from adapters.canonical.quantity import show
from tillstream.edge.v1 import downlink_service_pb2


def from_watch_request(request: downlink_service_pb2.WatchRequest) -> WatchFrom:
    """Read where a cache stands."""
    return WatchFrom(feed_id=request.feed_id, revision=request.revision)


def to_watch_response(news: News) -> downlink_service_pb2.WatchResponse:
    """Write news for an agent; every change bears the message's revision."""
    return downlink_service_pb2.WatchResponse(
        feed_id=news.feed_id,
        revision=news.revision,
        snapshot_begins=news.snapshot_begins,
        complete=news.complete,
        changes=[_change(change, news.revision) for change in news.changes],
        sent_time=_stamp(news.sent_at),
    )


def _change(change: Change, revision: int) -> downlink_service_pb2.Change:
    if isinstance(change, LevelNews):
        return downlink_service_pb2.Change(revision=revision, stock_level=_level(change))
    if isinstance(change, GrantNews):
        return downlink_service_pb2.Change(revision=revision, rights_grant=_grant(change))
    if isinstance(change, OrderNews):
        return downlink_service_pb2.Change(revision=revision, order=_order(change))
    if isinstance(change, TillNews):
        return downlink_service_pb2.Change(revision=revision, till=_till(change))
    return downlink_service_pb2.Change(revision=revision, sku=_sku(change))


def _level(news: LevelNews) -> downlink_service_pb2.StockLevel:
    return downlink_service_pb2.StockLevel(
        sku=news.sku,
        on_hand=show(news.on_hand),
        store_rights=show(news.store_rights),
        core_rights=show(news.core_rights),
        reserved=show(news.reserved),
        epoch=news.epoch,
        sequence=news.sequence,
    )


def _grant(news: GrantNews) -> downlink_service_pb2.RightsGrant:
    return downlink_service_pb2.RightsGrant(
        transfer_id=news.transfer_id, sku=news.sku, quantity=show(news.quantity), settled=news.settled
    )


def _order(news: OrderNews) -> downlink_service_pb2.OrderNews:
    return downlink_service_pb2.OrderNews(
        order_id=news.order_id,
        status=news.status,
        receipt_id=news.receipt_id,
        update_time=_stamp(news.updated_at),
        location=news.location,
        tracking_number=news.tracking_number,
        sentence=news.sentence,
    )


def _till(news: TillNews) -> downlink_service_pb2.TillSettings:
    return downlink_service_pb2.TillSettings(
        till=news.till,
        dialect=news.dialect,
        api_key_hashes=news.api_key_hashes,
        webhook_secret=news.webhook_secret,
        webhook_url=news.webhook_url,
        retired=news.retired,
        currency_code=news.currency,
        time_zone=news.time_zone,
        closing_time=f"{news.closing_time:%H:%M}",
    )


def _sku(news: SkuNews) -> downlink_service_pb2.SkuNews:
    return downlink_service_pb2.SkuNews(
        sku=news.sku, name=news.name, gtins=news.gtins, aliases=news.aliases, retired=news.retired
    )


def _stamp(moment: datetime) -> Timestamp:
    seconds, micros = divmod(microseconds(moment), 1_000_000)
    return Timestamp(seconds=seconds, nanos=micros * 1000)
