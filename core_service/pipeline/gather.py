"""Loads what decisions need, for a whole batch in few questions: readings and a unit of work in, a desk out.

Positions are asked for in sorted order, so that two transactions lock rows in the same order (faults row 34).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.canonical.key import BusinessKey
from adapters.canonical.rights import Position
from adapters.canonical.sale import DocumentKind, Sale
from core_service.domain.order import Order
from core_service.domain.setup import Location, Store, Till
from core_service.pipeline.decide import reading_of
from core_service.pipeline.desk import Desk, FactName, Settings
from core_service.pipeline.names import ORIGINAL_KINDS
from core_service.pipeline.normalise import Read
from core_service.pipeline.reserve import candidates
from core_service.pipeline.shipping import order_ids, shipped_lines
from core_service.ports.ingest import KnownFact
from core_service.ports.stock import LocationSku
from core_service.ports.unit_of_work import UnitOfWork

_PAGE = 500
CAPACITY_WINDOW = timedelta(days=1)
"""What a location took in the last 24 hours counts against its capacity of a day."""


async def tills_of(uow: UnitOfWork, wanted: Iterable[tuple[str, str]]) -> Settings:
    """Return the settings of (store, till) pairs: what reading needs."""
    stores: dict[str, Store] = {}
    tills: dict[tuple[str, str], Till] = {}
    for name, till in sorted(wanted):
        if name not in stores and (store := await uow.stores.get(name)):
            stores[name] = store
        if till and (found := await uow.tills.get(name, till)):
            tills[name, till] = found
    return Settings(stores=stores, tills=tills)


async def desk_for(uow: UnitOfWork, reads: Sequence[Read], settings: Settings, now: datetime) -> Desk:
    """Return the desk on which these readings can be decided."""
    desk = Desk(tenant=uow.tenant, now=now, settings=settings)
    documents = [found for read in reads if (found := reading_of(read)) is not None]
    sales = [document for document, _ in documents if isinstance(document, Sale)]
    items = [line.item for sale in sales for line in sale.lines if line.item]
    items += [read.rights.sku for read in reads if read.rights is not None and read.rights.sku]
    desk.settings = replace(settings, skus=await uow.skus.resolve(sorted({*items})))
    names = {key.name for _, key in documents}
    for document, key in documents:
        names.update(_about(document, key) if isinstance(document, Sale) else ())
    desk.facts = {name: list(facts) for name, facts in (await uow.keys.find(sorted(names))).items()}
    desk.sales = await uow.sales.get(sorted(_records(desk.facts)))
    await _orders(uow, desk)
    await _transfers(uow, desk, reads)
    ships = any(shipped_lines(sale) for sale in sales)
    if ships or desk.orders:
        await load_locations(uow, desk)
    await load_positions(uow, desk, _pairs(desk, reads, sales))
    return desk


async def load_locations(uow: UnitOfWork, desk: Desk) -> None:
    """Put every location on the desk, and how many orders each with a limit took lately."""
    found: dict[str, Location] = {}
    after = ""
    while page := await uow.locations.list(after, _PAGE):
        found |= {location.location: location for location in page}
        after = page[-1].location
    desk.settings = replace(desk.settings, locations=found)
    for location in candidates(desk.settings):
        if location.daily_capacity:
            since = desk.now - CAPACITY_WINDOW
            desk.routed[location.location] = await uow.orders.routed_since(location.location, since)


async def load_order(uow: UnitOfWork, desk: Desk, order_id: str) -> Order | None:
    """Put an order, its promises, their positions and its places on the desk; None for an unknown order."""
    order = await uow.orders.get(order_id)
    if order is None:
        return None
    desk.orders[order_id] = order
    desk.reservations[order_id] = await uow.orders.reservations(order_id)
    await load_positions(uow, desk, {(row.location, row.sku) for row in desk.reservations[order_id]})
    places = {name: await uow.locations.get(name) for name in sorted({order.store, order.location} - {""})}
    known = {name: place for name, place in places.items() if place is not None}
    desk.settings = replace(desk.settings, locations={**desk.settings.locations, **known})
    return order


async def load_candidates(uow: UnitOfWork, desk: Desk, skus: Iterable[str]) -> None:
    """Put every location on the desk, and what those that could ship hold of the SKUs."""
    await load_locations(uow, desk)
    wanted = sorted({*skus})
    await load_positions(uow, desk, [(place.location, sku) for place in candidates(desk.settings) for sku in wanted])


async def load_positions(uow: UnitOfWork, desk: Desk, pairs: Iterable[LocationSku]) -> None:
    """Put positions on the desk; a pair never booked is an empty one."""
    wanted = sorted(pair for pair in {*pairs} if pair not in desk.positions)
    found = await uow.stock.positions(wanted) if wanted else {}
    desk.positions |= {pair: found.get(pair, Position()) for pair in wanted}


def _about(sale: Sale, key: BusinessKey) -> list[FactName]:
    """Return the other documents that decide about this one: a void's original; for a versioned one its source's cancellation."""
    if sale.kind is not DocumentKind.VOID:
        return [(DocumentKind.VOID.value, key.source, key.reference)] if key.revision else []
    return [(kind, key.source, sale.original_reference) for kind in ORIGINAL_KINDS if sale.original_reference]


def _records(facts: dict[FactName, list[KnownFact]]) -> set[str]:
    documents = {kind.value for kind in DocumentKind}
    return {known[0].record_id for name, known in facts.items() if name[0] in documents}


async def _orders(uow: UnitOfWork, desk: Desk) -> None:
    """Load the orders of documents on record that have lines to be shipped: an amendment or a void may touch them."""
    ids: list[str] = []
    for name in sorted(desk.facts):
        known = desk.facts[name]
        record = desk.sales.get(known[0].record_id)
        if record is not None and shipped_lines(record.sale):
            ids += order_ids(desk.tenant, known[0].key, known)
    if ids:
        desk.orders = await uow.orders.get_many(ids)
    for order_id in sorted(desk.orders):
        desk.reservations[order_id] = await uow.orders.reservations(order_id)


async def _transfers(uow: UnitOfWork, desk: Desk, reads: Sequence[Read]) -> None:
    asked = sorted({(read.store, read.rights.transfer_id) for read in reads if read.rights is not None})
    for store in sorted({store for store, _ in asked}):
        ids = [transfer for name, transfer in asked if name == store]
        desk.transfers |= {found.transfer_id: found for found in await uow.rights.of_store(store, ids)}
    for _, transfer_id in asked:
        if transfer_id not in desk.transfers and (found := await uow.rights.get(transfer_id)):
            desk.transfers[transfer_id] = found


def _pairs(desk: Desk, reads: Sequence[Read], sales: Sequence[Sale]) -> set[LocationSku]:
    skus = desk.settings.skus
    pairs: set[LocationSku] = set()
    for read in reads:
        found = reading_of(read)
        if found is not None and isinstance(found[0], Sale):
            pairs |= {(read.store, skus[line.item].sku) for line in found[0].lines if line.item in skus}
        elif read.rights is not None and read.rights.sku in skus:
            pairs.add((read.store, skus[read.rights.sku].sku))
    for record in desk.sales.values():
        pairs |= {(record.store, line.item) for line in record.sale.lines if line.item}
    for rows in desk.reservations.values():
        pairs |= {(row.location, row.sku) for row in rows}
    pairs |= {(transfer.store, transfer.sku) for transfer in desk.transfers.values()}
    shipped = {skus[line.sku].sku for sale in sales for line in shipped_lines(sale) if line.sku in skus}
    return pairs | {(place.location, sku) for place in candidates(desk.settings) for sku in shipped}
