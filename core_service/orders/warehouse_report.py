"""What a warehouse says about an order: a report in, the order moved forward and the goods booked out; late reports change nothing.

A report may skip steps: goods leave with the first report that says so, once (faults row 42).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ParkedException
from core_service.domain.order import Order, OrderStatus, advance
from core_service.domain.shipment import WarehouseReport
from core_service.pipeline.desk import Desk, Draft
from core_service.pipeline.gather import load_order
from core_service.pipeline.park import Alarm, alarmed
from core_service.pipeline.persist import write
from core_service.pipeline.reserve import Change, change, release, ship
from core_service.ports.unit_of_work import UnitOfWork

_GONE = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})
_STOPPED = frozenset({OrderStatus.CANCEL_REQUESTED, OrderStatus.CANCELLED})
_SAID = {
    OrderStatus.DISPATCHED: "{0} has taken the order.",
    OrderStatus.PICKED: "{0} has picked the goods.",
    OrderStatus.PACKED: "{0} has packed the goods.",
    OrderStatus.SHIPPED: "{0} has handed the goods to the carrier.",
    OrderStatus.DELIVERED: "The goods are with the customer.",
    OrderStatus.CANCELLED: "{0} has stopped the order; nothing leaves.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The order after a report; `reason` is STATUS_NOT_FORWARD when nothing changed, empty otherwise."""

    order: Order
    applied: bool
    reason: str = ""


async def apply_warehouse_report(uow: UnitOfWork, report: WarehouseReport, now: datetime) -> Reported:
    """Move an order as its warehouse reports; the caller commits. Raises Permanent(ORDER_UNKNOWN)."""
    desk = Desk(tenant=uow.tenant, now=now)
    order = await load_order(uow, desk, report.order_id)
    if order is None:
        sentence = f"A warehouse reports about order {report.order_id!r}, which is not on record; ask the warehouse."
        raise Permanent(Reason.ORDER_UNKNOWN, sentence)
    status = advance(order.status, report.status)
    draft = Draft(desk)
    if report.status in _GONE and order.status in _STOPPED:
        draft.effects.exceptions.append(_left_anyway(desk, order))
    if status is None:
        _tell_late(draft, order, report)
        reported = Reported(order=order, applied=False, reason=Reason.STATUS_NOT_FORWARD)
    else:
        reported = Reported(order=_move(draft, order, report, status), applied=True)
    desk.apply(draft.effects)
    await write(uow, desk)
    return reported


async def tell_order(uow: UnitOfWork, order_id: str, sentence: str, now: datetime, *, stage: str) -> Order | None:
    """Set the sentence of an order that stays where it stands (a refusal, a cancellation that came too late); None for an unknown one."""
    desk = Desk(tenant=uow.tenant, now=now)
    order = await load_order(uow, desk, order_id)
    if order is None:
        return None
    draft = Draft(desk)
    changed = change(draft, order, Change(order.status, order.location, sentence))
    draft.tell(order_id, stage, sentence)
    desk.apply(draft.effects)
    await write(uow, desk)
    return changed


def _move(draft: Draft, order: Order, report: WarehouseReport, status: OrderStatus) -> Order:
    if status in _GONE:
        ship(draft, order)
    if status is OrderStatus.CANCELLED:
        release(draft, order)
    sentence = _SAID[status].format(order.location)
    draft.tell(order.order_id, status.lower(), report.sentence or sentence, _details(report))
    return change(draft, order, Change(status, order.location, sentence, report.tracking_number))


def _left_anyway(desk: Desk, order: Order) -> ParkedException:
    booked = order.status is OrderStatus.CANCEL_REQUESTED
    goods = "its goods are booked out" if booked else "its goods are not booked out: count them there"
    sentence = (
        f"{order.location} has shipped order {order.order_id}, which was cancelled or to be stopped; {goods}. Stop the parcel or bill the "
        "customer, who may have the money back or another order on the way."
    )
    alarm = Alarm(
        reason=Reason.ORDER_NOT_CANCELLABLE,
        sentence=sentence,
        about=(order.order_id, "shipped"),
        source=order.source,
        reference=order.reference,
        record_id=order.order_id,
    )
    return alarmed(alarm, desk)


def _tell_late(draft: Draft, order: Order, report: WarehouseReport) -> None:
    sentence = f"{report.status} was reported while the order is {order.status}; recorded without effect."
    draft.tell(order.order_id, "reported", sentence, {"reason": Reason.STATUS_NOT_FORWARD, **_details(report)})


def _details(report: WarehouseReport) -> dict[str, str]:
    details = {"event": report.event_id, "tracking_number": report.tracking_number}
    return {name: text for name, text in details.items() if text}
