"""What a document does to the store's own stock until the core has booked it: a document and known SKUs in, movements out. PURE.

The core books the same with its own, newer data; its next word replaces this one. A name that the cache does not know moves nothing
here: the core decides about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from adapters.canonical.sale import DocumentKind, Fulfilment, Sale, SaleLine
from edge_agent.ports import CachedSku, OwnMovement

VOIDABLE = ("sale", "return")
"""Kinds of documents that a void may be about, in the order in which the core looks for them."""


def items(sale: Sale) -> list[str]:
    """Return the names of the goods that change hands over the counter, each once."""
    return list(dict.fromkeys(line.item for line in sale.lines if _over_the_counter(sale, line)))


def movements(sale: Sale, skus: Mapping[str, CachedSku]) -> tuple[OwnMovement, ...]:
    """Return what a sale or return moves, one movement a SKU: below zero what left the store."""
    sign = 1 if sale.kind is DocumentKind.RETURN else -1
    moved: dict[str, Decimal] = {}
    for line in sale.lines:
        known = skus.get(line.item)
        if known is not None and _over_the_counter(sale, line):
            moved[known.sku] = moved.get(known.sku, Decimal(0)) + sign * line.quantity
    return tuple(OwnMovement(sku=sku, quantity=quantity) for sku, quantity in sorted(moved.items()) if quantity)


def reversed_movements(moved: Iterable[OwnMovement]) -> tuple[OwnMovement, ...]:
    """Return what a void does: the goods of the document that it is about, the other way round."""
    return tuple(
        OwnMovement(sku=move.sku, quantity=-move.quantity) for move in moved if move.quantity and not move.rights_only
    )


def _over_the_counter(sale: Sale, line: SaleLine) -> bool:
    """Goods to be sent make an order in the core and leave another location."""
    if not line.item or not line.quantity or sale.kind is DocumentKind.VOID:
        return False
    to_be_sent = sale.kind is DocumentKind.SALE and line.fulfilment is Fulfilment.SHIP and line.quantity > 0
    return not to_be_sent
