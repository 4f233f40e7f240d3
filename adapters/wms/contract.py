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


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentState:
    """Where a shipment stands at the warehouse now."""

    status: WarehouseStatus
    tracking_number: str = ""


class WarehouseSystem(Protocol):
    """One location's warehouse system.

    Every call raises Transient(WMS_UNREACHABLE) when the outcome is unknown or may be better later, Permanent(WMS_REFUSED) when
    the system says no for good, Permanent(WMS_ANSWER_INVALID) when its answer cannot be understood.
    """

    async def dispatch(self, request: DispatchRequest) -> ShipmentState:
        """Hand over a shipment and return where it stands; repeating it has no further effect.

        It may stand anywhere: a core that was restored from a backup hands over what has long been shipped.
        """

    async def find(self, dispatch_id: str) -> ShipmentState | None:
        """Return where a shipment stands; None when the system does not have it. Asked first after an unknown outcome."""

    async def cancel(self, dispatch_id: str) -> bool:
        """Ask to stop a shipment; False when it is too late."""
