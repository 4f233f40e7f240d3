"""Orders that wait for stock or lost their goods find a location: an order's id in, the order as it then stands out.

An order whose dispatch has begun is never moved: its goods may be on their way already, so a person decides (RIGHTS_OVERDRAWN).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from adapters.canonical.rights import uncovered
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.domain.order import Order, OrderStatus
from core_service.pipeline.desk import Desk, Draft
from core_service.pipeline.gather import load_candidates, load_order
from core_service.pipeline.names import alarm_id
from core_service.pipeline.persist import look_again, write
from core_service.pipeline.reserve import open_reservations, route_again
from core_service.pipeline.route import Router
from core_service.ports.unit_of_work import UnitOfWork

BEGUN = "dispatching"
"""Stage of the lineage step that is committed before an order is first sent to a warehouse system."""

_WAITING = frozenset({OrderStatus.RECEIVED, OrderStatus.AWAITING_STOCK})


async def route_waiting(uow: UnitOfWork, order_id: str, router: Router, now: datetime) -> Order | None:
    """Route an order that waits or lost cover, as far as it may move; None for an unknown one. The caller commits."""
    desk = Desk(tenant=uow.tenant, now=now)
    order = await load_order(uow, desk, order_id)
    if order is None:
        return None
    if order.status in _WAITING or (order.status is OrderStatus.ROUTED and await _may_move(uow, desk, order)):
        await load_candidates(uow, desk, [line.sku for line in order.lines])
        draft = Draft(desk)
        routed = route_again(draft, order, router)
        desk.apply(draft.effects)
        await write(uow, desk)
        if routed is order:
            await look_again(uow, desk, order)
        order = routed
    if covered(desk, order_id):
        await _all_covered(uow, order_id)
    return order


def covered(desk: Desk, order_id: str) -> bool:
    """Whether all promises of an order have goods behind them."""
    rows = open_reservations(desk, order_id)
    return all(uncovered(desk.positions[row.location, row.sku]) <= 0 for row in rows)


async def _may_move(uow: UnitOfWork, desk: Desk, order: Order) -> bool:
    if covered(desk, order.order_id):
        return False
    return all(step.stage != BEGUN for step in await uow.lineage.of(order.order_id))


async def _all_covered(uow: UnitOfWork, order_id: str) -> None:
    """Resolve what was raised about promises of an order that lost their goods."""
    for row in await uow.orders.reservations(order_id):
        name = alarm_id(uow.tenant, Reason.RIGHTS_OVERDRAWN, order_id, row.location, row.sku)
        exception = await uow.exceptions.get(name)
        if exception is not None and exception.status is ExceptionStatus.OPEN:
            await uow.exceptions.save(replace(exception, status=ExceptionStatus.RESOLVED))
