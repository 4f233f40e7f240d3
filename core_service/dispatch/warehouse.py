"""Handlers of work for warehouses: due dispatches, cancellations and events in; calls to the warehouse system and order statuses out.

No call is made inside a transaction. The dispatch id is derived from the order, so that a try after an unknown outcome is the same
shipment; before it is repeated the system is asked whether it has it already (faults row 41).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints
from adapters.wms.contract import (
    DispatchLine,
    DispatchRequest,
    ShipmentState,
    WarehouseEvent,
    WarehouseStatus,
    WarehouseSystem,
)
from core_service.dispatch.checking import AT_A_WAREHOUSE, EVERY, STATUS_OF, check_at
from core_service.domain.order import LineageStep, Order, OrderStatus
from core_service.domain.setup import Location
from core_service.domain.shipment import WarehouseReport, dispatch_id, order_of
from core_service.domain.work import ClaimedWork
from core_service.pipeline.rerouting import BEGUN
from core_service.ports.unit_of_work import CoreStore, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderActs:
    """What the handlers ask of the orders; each acts inside the unit of work, the handler commits."""

    begin: Callable[[UnitOfWork, str, datetime], Awaitable[Order | None]]
    """Leaves a trace and returns the order to send; None when there is nothing to send (any more)."""
    report: Callable[[UnitOfWork, WarehouseReport, datetime], Awaitable[object]]
    """Applies a report: status forward only, stock when shipped, lineage, changes."""
    tell: Callable[[UnitOfWork, str, str, datetime], Awaitable[object]]
    """Sets the sentence of an order that stays where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseDispatch:
    """The handlers. `system` gives the adapter of a location; `read_event` is the adapter's codec."""

    store: CoreStore
    clock: Clock
    failpoints: Failpoints
    system: Callable[[Location], WarehouseSystem]
    read_event: Callable[[bytes], WarehouseEvent]
    orders: OrderActs

    async def dispatch(self, work: ClaimedWork) -> None:
        """Hand an order over to its warehouse."""
        begun = await self._begin(work.tenant, work.subject)
        if begun is None:
            await self._recall(work)
            return
        order, location, tried = begun
        system = self.system(location)
        request = _request(order)
        known = await system.find(request.dispatch_id) if tried else None
        await self.failpoints.hit("dispatch.before_call")
        state = known or await self._hand_over(work, order, request, system)
        await self.failpoints.hit("dispatch.called")
        await self._taken(work.tenant, _handed_over(order, location, state))
        await self._recall(work)

    async def cancel(self, work: ClaimedWork) -> None:
        """Ask the warehouse to stop an order; a shipment it never had, or stopped, cancels the order."""
        order, location = await self._load(work.tenant, work.subject)
        if order.status is not OrderStatus.CANCEL_REQUESTED or location is None:
            return
        if await self.system(location).cancel(dispatch_id(order.order_id)):
            sentence = f"{location.name} has stopped the shipment."
            await self._report(
                work.tenant, WarehouseReport(order_id=order.order_id, status=OrderStatus.CANCELLED, sentence=sentence)
            )
            return
        await self._tell(work.tenant, order, f"{location.name} says it is too late to stop; it will ship.")

    async def take_event(self, work: ClaimedWork) -> None:
        """Read a stored webhook and apply what it reports."""
        location, _, event_id = work.subject.partition("/")
        async with self.store.read(work.tenant) as uow:
            event = await uow.webhooks.get(location, event_id)
            raw = await uow.raw.get(event.raw_id) if event else None
        if event is None or raw is None or event.processed:
            return
        reported = self.read_event(raw)
        async with self.store.begin(work.tenant) as uow:
            order = await self._order_of(uow, work.tenant, location, reported.dispatch_id)
            report = WarehouseReport(
                order_id=order.order_id,
                status=STATUS_OF[reported.status],
                tracking_number=reported.tracking_number,
                sentence=f"{location} reports {reported.status} at {reported.occurred_at.isoformat()}.",
                event_id=event_id,
            )
            await self.orders.report(uow, report, self.clock.now())
            await uow.webhooks.processed(location, event_id)
            await uow.commit()

    async def _recall(self, work: ClaimedWork) -> None:
        """Take a hand-over back that reached the warehouse after it had answered the cancellation: its goods are promised to others by then.

        Raises Permanent(ORDER_NOT_CANCELLABLE) when the warehouse cannot stop it any more: a person has to.
        """
        async with self.store.read(work.tenant) as uow:
            order = await uow.orders.get(work.subject)
            if order is None or order.status is not OrderStatus.CANCELLED:
                return
            location = await uow.locations.get(order.location)
            tried = any(step.stage == BEGUN for step in await uow.lineage.of(order.order_id))
        if location is None or not tried:
            return
        system, shipment = self.system(location), dispatch_id(order.order_id)
        state = await system.find(shipment)
        if state is None or state.status is WarehouseStatus.CANCELLED:
            return
        if not await system.cancel(shipment):
            sentence = (
                f"{location.name} took {shipment} after order {order.order_id} was cancelled and ships it ({state.status}): stop the parcel or "
                "bill the customer, and book the goods out."
            )
            raise Permanent(Reason.ORDER_NOT_CANCELLABLE, sentence)
        await self._trace(work, order, f"{location.name} had taken it after the cancellation and has stopped it.")

    async def _begin(self, tenant: str, order_id: str) -> tuple[Order, Location, bool] | None:
        """Return order, warehouse and whether it may have been handed over before; None when there is nothing to send."""
        async with self.store.begin(tenant) as uow:
            tried = any(step.stage == BEGUN for step in await uow.lineage.of(order_id))
            order = await self.orders.begin(uow, order_id, self.clock.now())
            location = await uow.locations.get(order.location) if order else None
            await uow.commit()
        return (order, location, tried) if order and location else None

    async def _hand_over(
        self, work: ClaimedWork, order: Order, request: DispatchRequest, system: WarehouseSystem
    ) -> ShipmentState:
        try:
            return await system.dispatch(request)
        except Permanent as error:
            await self._tell(work.tenant, order, f"{order.location} refused: {error.sentence}")
            raise
        except Transient as error:
            await self._trace(work, order, f"Try {work.attempt} has an unknown outcome: {error.sentence}")
            raise

    async def _tell(self, tenant: str, order: Order, sentence: str) -> None:
        async with self.store.begin(tenant) as uow:
            await self.orders.tell(uow, order.order_id, sentence, self.clock.now())
            await uow.commit()

    async def _trace(self, work: ClaimedWork, order: Order, sentence: str) -> None:
        details = {"attempt": str(work.attempt), "location": order.location}
        step = LineageStep(
            record_id=order.order_id, at=self.clock.now(), stage="dispatched", sentence=sentence, details=details
        )
        async with self.store.begin(work.tenant) as uow:
            await uow.lineage.add([step])
            await uow.commit()

    async def _taken(self, tenant: str, report: WarehouseReport) -> None:
        async with self.store.begin(tenant) as uow:
            now = self.clock.now()
            await self.orders.report(uow, report, now)
            order = await uow.orders.get(report.order_id)
            if order is not None and order.status in AT_A_WAREHOUSE:
                await check_at(uow, order, now + EVERY)
            await uow.commit()

    async def _report(self, tenant: str, report: WarehouseReport) -> None:
        async with self.store.begin(tenant) as uow:
            await self.orders.report(uow, report, self.clock.now())
            await uow.commit()

    async def _load(self, tenant: str, order_id: str) -> tuple[Order, Location | None]:
        async with self.store.read(tenant) as uow:
            order = await uow.orders.get(order_id)
            if order is None:
                raise Permanent(Reason.ORDER_UNKNOWN, f"There is no order {order_id}; nothing was dispatched.")
            return order, await uow.locations.get(order.location) if order.location else None

    async def _order_of(self, uow: UnitOfWork, tenant: str, location: str, dispatch: str) -> Order:
        order = await uow.orders.get(order_of(dispatch))
        if order is None or order.location != location:
            sentence = (
                f"{location} reports about {dispatch}, which is no dispatch of {tenant} there; ask the warehouse."
            )
            raise Permanent(Reason.ORDER_UNKNOWN, sentence)
        return order


def _request(order: Order) -> DispatchRequest:
    return DispatchRequest(
        dispatch_id=dispatch_id(order.order_id),
        order_id=order.order_id,
        reference=order.reference,
        location=order.location,
        ship_to=order.ship_to,
        lines=tuple(DispatchLine(number=line.number, sku=line.sku, quantity=line.quantity) for line in order.lines),
    )


def _handed_over(order: Order, location: Location, state: ShipmentState) -> WarehouseReport:
    """Return the report of a hand-over; a shipment that the warehouse had already may stand anywhere (faults rows 41 and 43)."""
    named = dispatch_id(order.order_id)
    known = state.status is not WarehouseStatus.ACCEPTED
    sentence = (
        f"{location.name} has had {named} already: {state.status}." if known else f"{location.name} has taken {named}."
    )
    return WarehouseReport(
        order_id=order.order_id,
        status=STATUS_OF[state.status],
        tracking_number=state.tracking_number,
        sentence=sentence,
    )
