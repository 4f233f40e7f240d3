"""Whether a document can be booked: a till's document and the core's settings in, the same with its SKUs resolved out; pure.

Raises Permanent with the reason that parks the whole document: what a customer was sold is booked whole or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from adapters.canonical.key import BusinessKey
from adapters.canonical.quantity import QuantityError, parse_quantity
from adapters.canonical.sale import DocumentKind, Fulfilment, Sale, SaleLine
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Sku
from core_service.pipeline.desk import Settings

_COUNTRY_CODE_LETTERS = 2


def own_store(key: BusinessKey, store: str) -> None:
    """Check that a key names the store of the certificate (invariant 11); raise Permanent(STORE_MISMATCH)."""
    named = key.source.split("/", 1)[0]
    if named != store:
        sentence = f"The agent of store {store!r} sent a document of store {named!r}; look at how the till or the box was moved."
        raise Permanent(Reason.STORE_MISMATCH, sentence)


def counted(quantity: Decimal) -> Decimal:
    """Return a quantity that the ledger can hold exactly; raise Permanent(QUANTITY_INVALID)."""
    try:
        return parse_quantity(quantity)
    except QuantityError as error:
        sentence = f"{error}; correct the till, then replay."
        raise Permanent(Reason.QUANTITY_INVALID, sentence) from error


def resolved(sale: Sale, store: str, settings: Settings) -> Sale:
    """Return the document with each line's item as the SKU, a void without lines (its original has them); raise Permanent to park it."""
    currency = settings.stores[store].currency
    if sale.currency != currency:
        sentence = f"Store {store!r} sells in {currency}, the document is in {sale.currency}; correct the store or the till, then replay."
        raise Permanent(Reason.CURRENCY_INVALID, sentence)
    if sale.kind is DocumentKind.VOID:
        return replace(sale, lines=())
    lines = tuple(_line(line, sale, settings) for line in sale.lines)
    if any(ships(line, sale) for line in lines):
        _address(sale)
    return sale if lines == sale.lines else replace(sale, lines=lines)


def ships(line: SaleLine, sale: Sale) -> bool:
    """Whether a line's goods are to be sent: they make an order instead of a movement."""
    return (
        sale.kind is DocumentKind.SALE and line.fulfilment is Fulfilment.SHIP and line.quantity > 0 and line.item != ""
    )


def known(item: str, settings: Settings) -> Sku:
    """Return the SKU that a name stands for; raise Permanent(SKU_UNKNOWN)."""
    found = settings.skus.get(item)
    if found is None:
        sentence = f"No SKU, GTIN or alias is called {item!r}; add it with `core-service sku put`, then it is replayed."
        raise Permanent(Reason.SKU_UNKNOWN, sentence)
    return found


def _line(line: SaleLine, sale: Sale, settings: Settings) -> SaleLine:
    counted(line.quantity)
    if not line.item:
        return line
    sku = known(line.item, settings)
    if sku.retired and sale.kind is DocumentKind.SALE:
        sentence = f"SKU {sku.sku!r} is retired but was sold; put it back on sale or correct the till, then replay."
        raise Permanent(Reason.SKU_RETIRED, sentence)
    return line if line.item == sku.sku else replace(line, item=sku.sku)


def _address(sale: Sale) -> None:
    address = sale.ship_to
    if address is None:
        sentence = "Lines are to be shipped but no address is given; ask the store for it and send the sale again."
        raise Permanent(Reason.ADDRESS_MISSING, sentence)
    code = address.country_code
    if not (len(code) == _COUNTRY_CODE_LETTERS and code.isascii() and code.isalpha() and code.isupper()):
        sentence = f"{code!r} is no ISO 3166-1 alpha-2 country code; correct the address and send the sale again."
        raise Permanent(Reason.ADDRESS_INVALID, sentence)
    if not address.name or not address.city or not any(address.lines):
        sentence = "An address needs a name, at least one line and a city; complete it and send the sale again."
        raise Permanent(Reason.ADDRESS_INVALID, sentence)
