"""What a warehouse says about an order's shipment, and under which id it knows it; records and names, pure."""

from __future__ import annotations

from dataclasses import dataclass

from core_service.domain.order import OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseReport:
    """What is known about an order's shipment now, and who says so; `event_id` is the webhook's, empty for an answer to a call."""

    order_id: str
    status: OrderStatus
    tracking_number: str = ""
    sentence: str = ""
    event_id: str = ""


def dispatch_id(order_id: str, ordinal: int = 1) -> str:
    """Return the id under which an order's shipment is known to its warehouse, for ever the same.

    The order id is derived from (tenant, source, reference) already; keeping it readable finds the order without a table.
    """
    return f"dsp_{order_id.removeprefix('ord_')}_{ordinal}"


def order_of(dispatch: str) -> str:
    """Return the order id of a dispatch id; empty text for any other text."""
    middle, _, ordinal = dispatch.removeprefix("dsp_").rpartition("_")
    return f"ord_{middle}" if dispatch.startswith("dsp_") and middle and ordinal.isdigit() else ""
