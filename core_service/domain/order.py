"""The life of an order: a status and an event in, the next status or a refusal out; it never moves backwards.

    RECEIVED -> AWAITING_STOCK <-> ROUTED -> DISPATCHED -> PICKED -> PACKED -> SHIPPED -> DELIVERED
                     |               |           |
                     +---------------+-----------+-> CANCEL_REQUESTED -> CANCELLED

A late or repeated report changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from adapters.canonical.address import Address
from adapters.canonical.money import Money
from adapters.canonical.order import OrderLine


class OrderStatus(StrEnum):
    """Where an order stands; the wire's OrderStatus without its prefix."""

    RECEIVED = "RECEIVED"
    AWAITING_STOCK = "AWAITING_STOCK"
    ROUTED = "ROUTED"
    DISPATCHED = "DISPATCHED"
    PICKED = "PICKED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"


_WAREHOUSE_PROGRESS = (
    OrderStatus.ROUTED,
    OrderStatus.DISPATCHED,
    OrderStatus.PICKED,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)
_CANCELLABLE_HERE = frozenset({OrderStatus.RECEIVED, OrderStatus.AWAITING_STOCK})
_CANCELLABLE_AT_WAREHOUSE = frozenset({OrderStatus.ROUTED, OrderStatus.DISPATCHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One governed order. `version` counts its changes; `sentence` says why it stands where it stands."""

    order_id: str
    reference: str
    source: str
    status: OrderStatus
    lines: tuple[OrderLine, ...]
    ship_to: Address
    total: Money | None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    location: str = ""
    tracking_number: str = ""
    sentence: str = ""
    receipt_id: str = ""
    sale_id: str = ""
    store: str = ""
    """Store whose till sold it; empty for other sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Units promised to one order line at one location; `open` until shipped or released."""

    order_id: str
    line: int
    ordinal: int
    location: str
    sku: str
    quantity: Decimal
    open: bool = True


def advance(current: OrderStatus, reported: OrderStatus) -> OrderStatus | None:
    """Return the status after a warehouse's report, or None when it is not forward (late, repeated, or after the end).

    A report may skip steps: "shipped" before "picked" moves to SHIPPED and the late "picked" has no effect (faults row 42).
    A warehouse that ships although it was asked to stop has shipped: goods decide.
    """
    if current in {OrderStatus.CANCELLED, OrderStatus.DELIVERED}:
        return None
    if current is OrderStatus.CANCEL_REQUESTED:
        return reported if reported in {OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED} else None
    if reported is OrderStatus.CANCELLED:
        return None if current is OrderStatus.SHIPPED else OrderStatus.CANCELLED
    if reported not in _WAREHOUSE_PROGRESS:
        return None
    if current not in _WAREHOUSE_PROGRESS:
        return None
    return reported if _WAREHOUSE_PROGRESS.index(reported) > _WAREHOUSE_PROGRESS.index(current) else None


def cancel(current: OrderStatus) -> OrderStatus | None:
    """Return the status after a wish to cancel, the same one when it is cancelled or asked for already, None when it is too late."""
    if current in {OrderStatus.CANCELLED, OrderStatus.CANCEL_REQUESTED}:
        return current
    if current in _CANCELLABLE_HERE:
        return OrderStatus.CANCELLED
    if current in _CANCELLABLE_AT_WAREHOUSE:
        return OrderStatus.CANCEL_REQUESTED
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageStep:
    """One thing that happened to a record (`why`): stage, sentence, particulars. `ordinal` is unique within the record."""

    record_id: str
    at: datetime
    stage: str
    sentence: str
    details: dict[str, str] = field(default_factory=dict)
