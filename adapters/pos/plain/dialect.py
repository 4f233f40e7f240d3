"""`plain` as the registry knows it: bytes of one till message in, masked bytes or a Reading out."""

from __future__ import annotations

from adapters.canonical.sale import Reading
from adapters.masking import mask_json
from adapters.pos.contract import TillContext
from adapters.pos.plain.codec import decode
from adapters.pos.plain.mapping import reading

NEVER_CARD_DATA = frozenset({"item", "receipt_number", "original_receipt", "gtin", "ean", "serial", "serial_number"})
"""Fields whose digits are numbers of goods and receipts; a tenth of all GTIN-13s would pass for card numbers."""


class Plain:
    """Our own JSON; see README.md in this folder."""

    name = "plain"
    version = "1"

    def mask(self, raw: bytes) -> bytes:
        """Return the message without card data (see the contract)."""
        return mask_json(raw, NEVER_CARD_DATA)

    def read(self, raw: bytes, context: TillContext) -> Reading:
        """Return what the message means (see the contract)."""
        return reading(decode(raw), context)


DIALECT = Plain()
