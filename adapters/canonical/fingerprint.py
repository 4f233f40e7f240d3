"""Fingerprints of facts: a sale or a later fact in, SHA-256 over what it says about business out; the same fact in other words has the same one.

Left out on purpose: descriptions, cashier, attributes, offsets, the order of nothing. A change of this list is a new VERSION, and fingerprints of
two versions are never compared (invariant 4).
"""

from __future__ import annotations

from adapters.canonical.key import fingerprint
from adapters.canonical.money import Money
from adapters.canonical.quantity import show
from adapters.canonical.sale import Fact, Sale

VERSION = 1


def of_sale(sale: Sale) -> bytes:
    """Return the fingerprint of a till's document, 32 bytes."""
    fields = [
        sale.kind.value,
        sale.reference,
        sale.currency,
        sale.occurred_at.isoformat(),
        sale.original_reference or "",
        _amount(sale.total),
        _amount(sale.tax),
        "included" if sale.tax_included else "added",
        _amount(sale.tip),
        str(len(sale.lines)),
    ]
    for line in sale.lines:
        fields += (
            line.item,
            show(line.quantity),
            _amount(line.unit_price),
            _amount(line.discount),
            _amount(line.total),
            line.fulfilment.value,
        )
    for tender in sale.tenders:
        fields += (tender.kind, _amount(tender.amount))
    if address := sale.ship_to:
        fields += ("ship to", address.name, "\n".join(address.lines), address.city, address.region)
        fields += (address.postal_code, address.country_code)
    return fingerprint(*fields)


def of_fact(fact: Fact) -> bytes:
    """Return the fingerprint of a payment or refund, 32 bytes."""
    return fingerprint(fact.kind, fact.reference, fact.about, _amount(fact.amount), fact.status)


def _amount(amount: Money | None) -> str:
    return "" if amount is None else f"{amount.minor_units} {amount.currency}"
