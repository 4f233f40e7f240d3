"""An order as any source asks for it: a sale's shipped lines or an API request in, one shape for the pipeline out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.canonical.address import Address
from adapters.canonical.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A wanted quantity of a SKU (already resolved from GTIN or alias)."""

    number: int
    sku: str
    quantity: Decimal
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What is to be shipped. `order_id` is derived from (tenant, source, reference), so that a repeat is the same order."""

    order_id: str
    reference: str
    source: str
    lines: tuple[OrderLine, ...]
    ship_to: Address
    total: Money | None
    placed_at: datetime
    receipt_id: str = ""
    sale_id: str = ""
    store: str = ""
