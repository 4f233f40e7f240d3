"""Promises to orders: an order and the desk in, its reservation, release or shipment drafted out; pure (invariant 10).

An order is reserved and routed in the transaction that records it, or recorded as waiting for stock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.canonical import rights
from adapters.canonical.order import OrderRequest
from adapters.canonical.stock import CUSTOMER, Movement
from core_service.domain.order import Order, OrderStatus, Reservation, cancel
from core_service.domain.setup import Location
from core_service.domain.work import NewWork, WorkKind
from core_service.pipeline.desk import CloseReservations, Desk, Draft, Settings
from core_service.pipeline.names import work_id
from core_service.pipeline.route import Candidate, Router, Routing, wanted

CORE = "core"
"""Destination of work that calls nobody outside."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changes in an order; empty text leaves a field as it is, except `location` which is set as given."""

    status: OrderStatus
    location: str
    sentence: str
    tracking_number: str = ""


def place(draft: Draft, request: OrderRequest, router: Router) -> Order:
    """Record an order, reserved and routed where a location can ship it, waiting for stock otherwise."""
    routing = _choose(draft, request, router)
    order = Order(
        order_id=request.order_id,
        reference=request.reference,
        source=request.source,
        status=OrderStatus.ROUTED if routing.location else OrderStatus.AWAITING_STOCK,
        lines=request.lines,
        ship_to=request.ship_to,
        total=request.total,
        created_at=draft.desk.now,
        updated_at=draft.desk.now,
        location=routing.location,
        sentence=routing.sentence,
        receipt_id=request.receipt_id,
        sale_id=request.sale_id,
        store=request.store,
    )
    draft.effects.placed.append(order)
    draft.tell(
        order.order_id, "received", f"Ordered by {request.source} as {request.reference}.", {"sale": request.sale_id}
    )
    if routing.location:
        _promise(draft, order)
    _tell_routing(draft, order.order_id, routing)
    return order


def route_again(draft: Draft, order: Order, router: Router) -> Order:
    """Route an order that waits, or that lost its goods where it was routed; it waits (again) when nobody can ship it."""
    if order.status is OrderStatus.ROUTED:
        release(draft, order)
    routing = _choose(draft, _request(order), router)
    status = OrderStatus.ROUTED if routing.location else OrderStatus.AWAITING_STOCK
    if status is order.status is OrderStatus.AWAITING_STOCK and routing.sentence == order.sentence:
        return order
    changed = change(draft, order, Change(status, routing.location, routing.sentence))
    if routing.location:
        _promise(draft, changed)
    _tell_routing(draft, order.order_id, routing)
    return changed


def cancel_order(draft: Draft, order: Order, because: str) -> Order | None:
    """Cancel here, or ask the warehouse to stop; return the order as it then stands, None when it is too late."""
    status = cancel(order.status)
    if status is None or status is order.status:
        return None if status is None else order
    if status is OrderStatus.CANCELLED:
        release(draft, order)
        draft.tell(order.order_id, "cancelled", because)
        return change(draft, order, Change(status, order.location, because))
    ordinal = routed_times(draft.desk, order.order_id)
    draft.effects.work.append(_work(draft.desk, WorkKind.CANCEL_DISPATCH, order, ordinal))
    sentence = f"{because} {order.location} was asked to stop."
    draft.tell(order.order_id, "cancel_requested", sentence)
    return change(draft, order, Change(status, order.location, sentence))


def release(draft: Draft, order: Order) -> None:
    """End an order's promises without goods leaving."""
    promised = open_reservations(draft.desk, order.order_id)
    for row in promised:
        pair = (row.location, row.sku)
        draft.put(pair, rights.release(draft.position(pair), row.quantity))
    if promised:
        draft.effects.reservations.append(CloseReservations(order.order_id))


def ship(draft: Draft, order: Order) -> None:
    """Let the promised goods leave: one movement a reservation."""
    promised = open_reservations(draft.desk, order.order_id)
    for row in promised:
        pair = (row.location, row.sku)
        draft.put(pair, rights.ship(draft.position(pair), row.quantity))
        draft.effects.movements.append(
            Movement(
                cause=f"shp_{order.order_id}",
                line=row.line,
                ordinal=row.ordinal,
                sku=row.sku,
                from_location=row.location,
                to_location=CUSTOMER,
                quantity=row.quantity,
                occurred_at=draft.desk.now,
            )
        )
    if promised:
        draft.effects.reservations.append(CloseReservations(order.order_id))


def change(draft: Draft, order: Order, what: Change) -> Order:
    """Draft an order's next version."""
    changed = replace(
        order,
        status=what.status,
        location=what.location,
        sentence=what.sentence or order.sentence,
        tracking_number=what.tracking_number or order.tracking_number,
        updated_at=draft.desk.now,
        version=order.version + 1,
    )
    draft.effects.saved.append(changed)
    return changed


def open_reservations(desk: Desk, order_id: str) -> list[Reservation]:
    """Return an order's open promises, by line."""
    rows = [row for row in desk.reservations.get(order_id, []) if row.open]
    return sorted(rows, key=lambda row: (row.line, row.ordinal))


def routed_times(desk: Desk, order_id: str) -> int:
    """Return how often an order was routed: the ordinal of its present reservations, 0 when it never was."""
    return max((row.ordinal for row in desk.reservations.get(order_id, [])), default=0)


def candidates(settings: Settings) -> list[Location]:
    """Return the locations that could ship at all, by id."""
    return [settings.locations[name] for name in sorted(settings.locations) if settings.locations[name].wms_url]


def _choose(draft: Draft, request: OrderRequest, router: Router) -> Routing:
    desk = draft.desk
    skus = wanted(request.lines)
    seen = [_candidate(draft, location, skus) for location in candidates(desk.settings)]
    return router.choose(request, desk.settings.locations.get(request.store), seen, desk.now)


def _candidate(draft: Draft, location: Location, skus: dict[str, Decimal]) -> Candidate:
    free = {sku: draft.position((location.location, sku)).core_rights for sku in skus}
    used = draft.desk.routed.get(location.location, 0)
    left = location.daily_capacity - used if location.daily_capacity else None
    return Candidate(location=location, free=free, capacity_left=left)


def _promise(draft: Draft, order: Order) -> None:
    ordinal = routed_times(draft.desk, order.order_id) + 1
    for line in order.lines:
        pair = (order.location, line.sku)
        draft.put(pair, rights.reserve(draft.position(pair), line.quantity))
        draft.effects.reservations.append(
            Reservation(
                order_id=order.order_id,
                line=line.number,
                ordinal=ordinal,
                location=order.location,
                sku=line.sku,
                quantity=line.quantity,
            )
        )
    draft.effects.work.append(_work(draft.desk, WorkKind.DISPATCH_ORDER, order, ordinal))


def _work(desk: Desk, kind: WorkKind, order: Order, ordinal: int) -> NewWork:
    return NewWork(
        work_id=work_id(desk.tenant, kind, order.order_id, ordinal),
        kind=kind,
        subject=order.order_id,
        destination=f"wms/{order.location}",
        due_at=desk.now,
    )


def _request(order: Order) -> OrderRequest:
    return OrderRequest(
        order_id=order.order_id,
        reference=order.reference,
        source=order.source,
        lines=order.lines,
        ship_to=order.ship_to,
        total=order.total,
        placed_at=order.created_at,
        receipt_id=order.receipt_id,
        sale_id=order.sale_id,
        store=order.store,
    )


def _tell_routing(draft: Draft, order_id: str, routing: Routing) -> None:
    stage = "routed" if routing.location else "awaiting_stock"
    draft.tell(order_id, stage, routing.sentence, routing.details())
