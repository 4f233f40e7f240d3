"""What every warehouse system adapter promises: dispatches and cancellations out, events in; the same dispatch id never ships twice.

The suite that proves it is `tests/contracts/wms.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from adapters.canonical.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchLine:
    """What is to be picked; `quantity` above zero, exact."""

    number: int
    sku: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRequest:
    """One shipment asked of a warehouse. `dispatch_id` is derived from the order, so that asking again is the same shipment."""

    dispatch_id: str
    order_id: str
    reference: str
    location: str
    ship_to: Address
    lines: tuple[DispatchLine, ...]


class WarehouseStatus(StrEnum):
    """Where a shipment stands at the warehouse."""

    ACCEPTED = "accepted"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseEvent:
    """What a warehouse reports about a shipment."""

    dispatch_id: str
    status: WarehouseStatus
    occurred_at: datetime
    tracking_number: str = ""


class WarehouseSystem(Protocol):
    """One location's warehouse system.

    Every call raises Transient(WMS_UNREACHABLE) when the outcome is unknown or may be better later, Permanent(WMS_REFUSED) when
    the system says no for good, Permanent(WMS_ANSWER_INVALID) when its answer cannot be understood.
    """

    async def dispatch(self, request: DispatchRequest) -> None:
        """Hand over a shipment; repeating it has no further effect."""

    async def find(self, dispatch_id: str) -> WarehouseStatus | None:
        """Return where a shipment stands; None when the system does not have it. Asked first after an unknown outcome."""

    async def cancel(self, dispatch_id: str) -> bool:
        """Ask to stop a shipment; False when it is too late."""
