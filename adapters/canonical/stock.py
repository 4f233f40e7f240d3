"""Stock movements: what moved where and why; the only truth from which levels are derived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

CUSTOMER = "@customer"
SUPPLIER = "@supplier"
ADJUSTMENT = "@adjustment"
"""Virtual locations: the other side of a movement that leaves or enters the chain's own stock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """`quantity` (above zero) of `sku` from one location to another. Unique by (cause, line, ordinal) within a tenant.

    `cause` is the id of the record that moved it with its revision: `sal_x:1`, `shp_y`, `rcv_z`. `earnest` is True for goods already in a
    customer's hand: they book even below zero.
    """

    cause: str
    line: int
    ordinal: int
    sku: str
    from_location: str
    to_location: str
    quantity: Decimal
    occurred_at: datetime
