"""What the core told becomes what the cache stores: news in, a `ports.Revision` out. PURE."""

from __future__ import annotations

from datetime import datetime

from adapters.canonical.downlink import GrantNews, LevelNews, News, OrderNews, SkuNews, TillNews
from edge_agent.ports import CachedGrant, CachedLevel, CachedOrder, CachedSku, CachedTill, Revision


def is_heartbeat(news: News, position: tuple[str, int]) -> bool:
    """Whether news say only that the core is there, to a cache that stands at (feed id, revision)."""
    return not news.changes and not news.snapshot_begins and (news.feed_id, news.revision) == position


def revision(news: News, received_at: datetime) -> Revision:
    """Return the changes sorted by what they are about; `received_at` is by this machine's clock, from which ages are told."""
    return Revision(
        feed_id=news.feed_id,
        revision=news.revision,
        snapshot_begins=news.snapshot_begins,
        complete=news.complete,
        received_at=received_at,
        levels=tuple(_level(change) for change in news.changes if isinstance(change, LevelNews)),
        orders=tuple(_order(change) for change in news.changes if isinstance(change, OrderNews)),
        tills=tuple(_till(change) for change in news.changes if isinstance(change, TillNews)),
        skus=tuple(_sku(change) for change in news.changes if isinstance(change, SkuNews)),
        grants=tuple(_grant(change) for change in news.changes if isinstance(change, GrantNews)),
    )


def _level(news: LevelNews) -> CachedLevel:
    return CachedLevel(
        sku=news.sku,
        on_hand=news.on_hand,
        store_rights=news.store_rights,
        core_rights=news.core_rights,
        reserved=news.reserved,
        epoch=news.epoch,
        sequence=news.sequence,
    )


def _order(news: OrderNews) -> CachedOrder:
    return CachedOrder(
        order_id=news.order_id,
        status=news.status,
        receipt_id=news.receipt_id,
        updated_at=news.updated_at,
        location=news.location,
        tracking_number=news.tracking_number,
        sentence=news.sentence,
    )


def _till(news: TillNews) -> CachedTill:
    return CachedTill(
        till=news.till,
        dialect=news.dialect,
        api_key_hashes=news.api_key_hashes,
        webhook_secret=news.webhook_secret,
        webhook_url=news.webhook_url,
        retired=news.retired,
        currency=news.currency,
        time_zone=news.time_zone,
        closing_time=news.closing_time,
    )


def _sku(news: SkuNews) -> CachedSku:
    return CachedSku(sku=news.sku, name=news.name, gtins=news.gtins, aliases=news.aliases, retired=news.retired)


def _grant(news: GrantNews) -> CachedGrant:
    return CachedGrant(transfer_id=news.transfer_id, sku=news.sku, quantity=news.quantity, settled=news.settled)
