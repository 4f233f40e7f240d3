"""Writes what was decided: a desk in, rows of the unit of work out, in few bulk calls; what a store or the OMS sees is told as changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.canonical.quantity import show
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.domain.order import LineageStep, Order, OrderStatus, Reservation
from core_service.domain.work import NewWork, WorkKind
from core_service.pipeline.desk import CloseReservations, Desk
from core_service.pipeline.names import ORIGINAL_KINDS, SALE, sale_id_about, work_id
from core_service.pipeline.park import Alarm, alarmed
from core_service.pipeline.reserve import CORE
from core_service.ports.stock import LocationSku
from core_service.ports.unit_of_work import UnitOfWork
from core_service.ports.work import OMS, Change, ChangeKind, store_audience

WAITING_AT_ONCE = 200
"""Orders woken for one SKU by one transaction; those behind them look by themselves (`look_again`)."""

_SOONEST, _LATEST = timedelta(minutes=1), timedelta(minutes=30)


async def write(uow: UnitOfWork, desk: Desk) -> None:
    """Write every effect on the desk, wake waiting orders, name promises that lost their goods, and record the changes."""
    decided = desk.decided
    positions = {pair: desk.positions[pair] for pair in sorted(desk.before)}
    if decided.movements or positions:
        await uow.stock.book(decided.movements, positions, desk.now)
    await _documents(uow, desk)
    await _orders(uow, desk)
    if decided.transfers:
        await uow.rights.add(decided.transfers)
    for transfer in decided.settled:
        await uow.rights.settle(transfer.transfer_id)
    if decided.exceptions:
        await uow.exceptions.add(decided.exceptions)
    if decided.lineage:
        await uow.lineage.add(decided.lineage)
    if decided.work:
        await uow.work.enqueue(decided.work)
    await _followed(uow, desk)
    await _overdrawn(uow, desk)
    await _wake(uow, desk)
    for order_id in sorted({order.order_id for order in (*decided.placed, *decided.saved)}):
        await look_again(uow, desk, desk.orders[order_id])
    changes = _changes(desk)
    if changes:
        await uow.changes.record(changes)


async def _documents(uow: UnitOfWork, desk: Desk) -> None:
    decided = desk.decided
    if decided.sales:
        await uow.sales.add(decided.sales)
    for sale_id, voided_by in decided.voided:
        await uow.sales.void(sale_id, voided_by)
    if decided.facts:
        await uow.sales.add_facts(decided.facts)
    if decided.keys:
        await uow.keys.add(decided.keys)


async def _orders(uow: UnitOfWork, desk: Desk) -> None:
    decided = desk.decided
    if decided.placed:
        await uow.orders.add(decided.placed)
    for order in decided.saved:
        await uow.orders.save(order)
    promised: list[Reservation] = []
    for change in decided.reservations:
        if isinstance(change, CloseReservations):
            await _promise(uow, promised)
            promised = []
            await uow.orders.close_reservations(change.order_id)
        else:
            promised.append(change)
    await _promise(uow, promised)


async def _promise(uow: UnitOfWork, reservations: list[Reservation]) -> None:
    if reservations:
        await uow.orders.add_reservations(reservations)


async def _followed(uow: UnitOfWork, desk: Desk) -> None:
    """Replay the voids that were parked because their original was not there yet."""
    names = {
        known.record_id if known.key.kind == SALE else sale_id_about(desk.tenant, known.key.source, known.key.reference)
        for known in desk.decided.keys
        if known.key.kind in ORIGINAL_KINDS
    }
    if not names:
        return
    for parked in await uow.exceptions.about(Reason.ORIGINAL_UNKNOWN, names):
        await uow.work.again(replay_work(desk.tenant, parked.exception_id, desk.now))


async def _overdrawn(uow: UnitOfWork, desk: Desk) -> None:
    """Name the orders whose promised units are gone, the newest promises first, until all missing units are named (invariant 10)."""
    for (location, sku), missing in desk.uncovered():
        left = missing
        for row in await uow.orders.open_at(location, sku):
            if left <= 0:
                break
            left -= row.quantity
            await _name(uow, desk, row, missing)


async def _name(uow: UnitOfWork, desk: Desk, row: Reservation, missing: Decimal) -> None:
    order = desk.orders.get(row.order_id) or await uow.orders.get(row.order_id)
    sentence = (
        f"{show(missing)} promised units of {row.sku} at {row.location} were sold or are missing; order {row.order_id} is among those "
        "without goods: it is routed anew unless its dispatch has begun; then call the warehouse."
    )
    exception = alarmed(
        Alarm(
            reason=Reason.RIGHTS_OVERDRAWN,
            sentence=sentence,
            about=(row.order_id, row.location, row.sku),
            source=order.source if order else f"location/{row.location}",
            reference=order.reference if order else "",
            record_id=row.order_id,
        ),
        desk,
    )
    before = await uow.exceptions.get(exception.exception_id)
    if before is None:
        await uow.exceptions.add([exception])
    elif before.status is ExceptionStatus.RESOLVED:
        await uow.exceptions.save(replace(before, status=ExceptionStatus.OPEN, sentence=sentence))
    details = {"location": row.location, "sku": row.sku, "missing": show(missing)}
    step = LineageStep(record_id=row.order_id, at=desk.now, stage="overdrawn", sentence=sentence, details=details)
    await uow.lineage.add([step])
    await uow.work.again(routing_work(desk, row.order_id))


async def _wake(uow: UnitOfWork, desk: Desk) -> None:
    """Let orders that wait for a SKU be routed when the core may promise more of it than before."""
    woken: list[str] = []
    for sku in desk.rising():
        woken += [order.order_id for order in await uow.orders.waiting_for(sku, WAITING_AT_ONCE)]
    for order_id in dict.fromkeys(woken):
        await uow.work.again(routing_work(desk, order_id))


async def look_again(uow: UnitOfWork, desk: Desk, order: Order) -> None:
    """Let an order that waits be routed later even when nothing tells it to: a day's capacity, an opened place, stock that others left."""
    if order.status is not OrderStatus.AWAITING_STOCK:
        return
    waited = desk.now - order.created_at
    work = routing_work(desk, order.order_id)
    await uow.work.again(replace(work, due_at=desk.now + min(max(waited / 2, _SOONEST), _LATEST)))


def routing_work(desk: Desk, order_id: str) -> NewWork:
    """Return the work that routes an order."""
    return NewWork(
        work_id=work_id(desk.tenant, WorkKind.ROUTE_ORDER, order_id),
        kind=WorkKind.ROUTE_ORDER,
        subject=order_id,
        destination=CORE,
        due_at=desk.now,
    )


def replay_work(tenant: str, exception_id: str, due_at: datetime) -> NewWork:
    """Return the work that replays an exception."""
    return NewWork(
        work_id=work_id(tenant, WorkKind.REPLAY_EXCEPTION, exception_id),
        kind=WorkKind.REPLAY_EXCEPTION,
        subject=exception_id,
        destination=CORE,
        due_at=due_at,
    )


def _changes(desk: Desk) -> list[Change]:
    changes: list[Change] = []
    for location, sku in sorted(desk.before):
        changes += _told(ChangeKind.STOCK, stock_subject((location, sku)), _shops(desk, location), oms=True)
    touched = {order.order_id: order for order in (*desk.decided.placed, *desk.decided.saved)}
    for order_id in sorted(touched):
        order = desk.orders[order_id]
        changes += _told(ChangeKind.ORDER, order_id, _shops(desk, order.store, order.location), oms=True)
    for transfer in (*desk.decided.transfers, *desk.decided.settled):
        changes += _told(ChangeKind.RIGHTS, transfer.transfer_id, [transfer.store], oms=False)
    return list(dict.fromkeys(changes))


def stock_subject(pair: LocationSku) -> str:
    """Return what the feed calls a level: `<location>/<sku>`."""
    return f"{pair[0]}/{pair[1]}"


def _shops(desk: Desk, *locations: str) -> list[str]:
    return sorted({place for place in locations if place and desk.settings.is_store(place)})


def _told(kind: ChangeKind, subject: str, stores: Iterable[str], *, oms: bool) -> list[Change]:
    audiences = [*(store_audience(store) for store in stores), *([OMS] if oms else [])]
    return [Change(audience=audience, kind=kind, subject=subject) for audience in audiences]
