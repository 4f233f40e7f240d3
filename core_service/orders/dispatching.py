"""Before an order is sent to its warehouse: an order's id in, whether it may be sent out, with a trace that is committed first.

After it an order is never routed elsewhere by itself, for the warehouse may have it.
"""

from __future__ import annotations

from datetime import datetime

from core_service.domain.order import LineageStep, Order, OrderStatus
from core_service.pipeline.rerouting import BEGUN
from core_service.ports.unit_of_work import UnitOfWork


async def begin_dispatch(uow: UnitOfWork, order_id: str, now: datetime) -> Order | None:
    """Return the order to send, None when there is nothing to send; the caller commits before it calls the warehouse."""
    order = await uow.orders.get(order_id)
    if order is None or order.status is not OrderStatus.ROUTED:
        return None
    sentence = f"The order is being handed to {order.location}."
    details = {"location": order.location}
    await uow.lineage.add([LineageStep(record_id=order_id, at=now, stage=BEGUN, sentence=sentence, details=details)])
    return order
