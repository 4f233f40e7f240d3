"""Orders whose warehouse has not been heard of: asked where the shipment stands, for webhooks get lost; statuses out.

A webhook is lost when its sender gives up, and when the core that stored it is replaced by an older backup (faults row 43). So every order
that a warehouse has is asked about once a day until it is shipped, and all of them at once after a restore.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.canonical.key import derived_id
from adapters.seams.clock import Clock, to_millis
from adapters.wms.contract import ShipmentState, WarehouseStatus, WarehouseSystem
from core_service.domain.order import Order, OrderStatus
from core_service.domain.setup import Location
from core_service.domain.shipment import WarehouseReport, dispatch_id
from core_service.domain.work import ClaimedWork, NewWork, WorkKind
from core_service.ports.orders import OrderFilter, Place
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

EVERY = timedelta(hours=24)
AT_A_WAREHOUSE = (
    OrderStatus.DISPATCHED,
    OrderStatus.PICKED,
    OrderStatus.PACKED,
    OrderStatus.CANCEL_REQUESTED,
)
"""Where a webhook is still to come."""

_PRIORITY = 200
_PAGE = 500
_MOST_TENANTS = 10_000

STATUS_OF = {
    WarehouseStatus.ACCEPTED: OrderStatus.DISPATCHED,
    WarehouseStatus.PICKED: OrderStatus.PICKED,
    WarehouseStatus.PACKED: OrderStatus.PACKED,
    WarehouseStatus.SHIPPED: OrderStatus.SHIPPED,
    WarehouseStatus.DELIVERED: OrderStatus.DELIVERED,
    WarehouseStatus.CANCELLED: OrderStatus.CANCELLED,
}
"""A warehouse's word for a shipment's status, and ours for the order's."""


async def check_at(uow: UnitOfWork, order: Order, due_at: datetime) -> None:
    """Make the order's check due at a moment, in the transaction of what causes it."""
    work = NewWork(
        work_id=derived_id("wrk", uow.tenant, WorkKind.CHECK_SHIPMENT, order.order_id),
        kind=WorkKind.CHECK_SHIPMENT,
        subject=order.order_id,
        destination=order.location,
        due_at=due_at,
        priority=_PRIORITY,
    )
    await uow.work.again(work)


async def check_all(store: CoreStore, now: datetime) -> int:
    """Make the check of every order that a warehouse has due now; return how many. For a core that was restored."""
    checked = 0
    for tenant in await store.platform.tenants("", _MOST_TENANTS):
        for status in AT_A_WAREHOUSE:
            before: Place | None = None
            while True:
                async with store.begin(tenant.tenant) as uow:
                    orders = await uow.orders.list(OrderFilter(status=status), before, _PAGE)
                    for order in orders:
                        await check_at(uow, order, now)
                    await uow.commit()
                checked += len(orders)
                if len(orders) < _PAGE:
                    break
                before = (to_millis(orders[-1].created_at), orders[-1].order_id)
    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentCheck:
    """The handler. `report` applies a report to the order inside the unit of work."""

    store: CoreStore
    clock: Clock
    system: Callable[[Location], WarehouseSystem]
    report: Callable[[UnitOfWork, WarehouseReport, datetime], Awaitable[object]]

    async def check(self, work: ClaimedWork) -> None:
        """Ask where the order's shipment stands, take that over, and ask again in a day unless that was the end."""
        async with self.store.read(work.tenant) as uow:
            order = await uow.orders.get(work.subject)
            location = await uow.locations.get(order.location) if order and order.location else None
        if order is None or location is None or order.status not in AT_A_WAREHOUSE:
            return
        state = await self.system(location).find(dispatch_id(order.order_id))
        now = self.clock.now()
        async with self.store.begin(work.tenant) as uow:
            if state is not None:
                await self.report(uow, _report(order, location, state), now)
            after = await uow.orders.get(order.order_id)
            if after is not None and after.status in AT_A_WAREHOUSE:
                await check_at(uow, after, now + EVERY)
            await uow.commit()


def _report(order: Order, location: Location, state: ShipmentState) -> WarehouseReport:
    return WarehouseReport(
        order_id=order.order_id,
        status=STATUS_OF[state.status],
        tracking_number=state.tracking_number,
        sentence=f"{location.name} was asked and says: {state.status}.",
    )
