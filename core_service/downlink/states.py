"""What changed things are now: feed items and one snapshot in, the present state of each for one store out; read when it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapters.canonical.downlink import Change, GrantNews, LevelNews, OrderNews, SkuNews, TillNews
from adapters.canonical.rights import Position
from core_service.domain.fleet import AgentIdentity
from core_service.domain.order import Order
from core_service.domain.setup import Sku, Store, Till, TillKey
from core_service.ports.ingest import StreamPosition
from core_service.ports.stock import RightsTransfer, TransferState
from core_service.ports.unit_of_work import UnitOfWork
from core_service.ports.work import ChangeKind, FeedItem


async def states(
    uow: UnitOfWork, identity: AgentIdentity, items: Sequence[FeedItem], now: datetime
) -> tuple[Change, ...]:
    """Return the states of the things, in a fixed order of kinds; a thing that is gone, or another store's, is left out."""
    of = {kind: [item.subject for item in items if item.kind is kind] for kind in ChangeKind}
    changes: list[Change] = []
    changes += await _skus(uow, of[ChangeKind.SKU])
    changes += await _tills(uow, identity.store, of[ChangeKind.TILL], now)
    changes += await _levels(uow, identity, of[ChangeKind.STOCK])
    changes += await _grants(uow, identity.store, of[ChangeKind.RIGHTS])
    changes += await _orders(uow, of[ChangeKind.ORDER])
    return tuple(changes)


async def _skus(uow: UnitOfWork, names: Sequence[str]) -> list[SkuNews]:
    if not names:
        return []
    resolved = await uow.skus.resolve(names)
    news: list[SkuNews] = []
    for name in names:
        sku = resolved.get(name)
        if sku is None or sku.sku != name:
            # Another SKU has this one's name as an alias.
            sku = await uow.skus.get(name)
        if sku is not None:
            news.append(_sku_news(sku))
    return news


async def _tills(uow: UnitOfWork, store: str, names: Sequence[str], now: datetime) -> list[TillNews]:
    shop = await uow.stores.get(store) if names else None
    news: list[TillNews] = []
    for name in names:
        till = await uow.tills.get(store, name)
        if till is not None and shop is not None:
            news.append(_till_news(till, shop, await uow.tills.keys(store, name, now)))
    return news


async def _levels(uow: UnitOfWork, identity: AgentIdentity, subjects: Sequence[str]) -> list[LevelNews]:
    pairs = [(location, sku) for location, _, sku in (subject.partition("/") for subject in subjects)]
    own = [sku for location, sku in pairs if location == identity.store]
    if not own:
        return []
    agent = await uow.fleet.agent(identity.agent)
    epoch = agent.epoch if agent else b""
    place = await uow.streams.position(identity.agent, epoch) if epoch else StreamPosition(watermark=0, chain=b"")
    told = await uow.stock.levels([identity.store], own, None, len(own))
    positions = {level.sku: level.position for level in told}
    return [_level_news(sku, positions.get(sku, Position()), epoch, place.watermark) for sku in own]


async def _grants(uow: UnitOfWork, store: str, ids: Sequence[str]) -> list[GrantNews]:
    transfers = await uow.rights.of_store(store, ids) if ids else []
    return [_grant_news(transfer) for transfer in transfers if transfer.to_store]


async def _orders(uow: UnitOfWork, ids: Sequence[str]) -> list[OrderNews]:
    orders = await uow.orders.get_many(ids) if ids else {}
    return [_order_news(orders[name]) for name in ids if name in orders]


def _level_news(sku: str, position: Position, epoch: bytes, sequence: int) -> LevelNews:
    return LevelNews(
        sku=sku,
        on_hand=position.on_hand,
        store_rights=position.store_rights,
        core_rights=position.core_rights,
        reserved=position.reserved,
        epoch=epoch,
        sequence=sequence,
    )


def _grant_news(transfer: RightsTransfer) -> GrantNews:
    return GrantNews(
        transfer_id=transfer.transfer_id,
        sku=transfer.sku,
        quantity=transfer.quantity,
        settled=transfer.state is TransferState.SETTLED,
    )


def _order_news(order: Order) -> OrderNews:
    return OrderNews(
        order_id=order.order_id,
        status=order.status,
        receipt_id=order.receipt_id,
        updated_at=order.updated_at,
        location=order.location,
        tracking_number=order.tracking_number,
        sentence=order.sentence,
    )


def _sku_news(sku: Sku) -> SkuNews:
    return SkuNews(sku=sku.sku, name=sku.name, gtins=sku.gtins, aliases=sku.aliases, retired=sku.retired)


def _till_news(till: Till, store: Store, keys: Sequence[TillKey]) -> TillNews:
    return TillNews(
        till=till.till,
        dialect=till.dialect,
        api_key_hashes=tuple(key.key_hash for key in keys),
        webhook_secret=till.webhook_secret,
        webhook_url=till.webhook_url,
        retired=till.retired,
        currency=store.currency,
        time_zone=store.time_zone,
        closing_time=store.closing_time,
    )
