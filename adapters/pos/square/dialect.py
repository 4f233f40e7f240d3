"""`square` as the registry knows it: bytes of one Square message in, masked bytes or a Reading out."""

from __future__ import annotations

from adapters.canonical.sale import Reading
from adapters.masking import mask_json
from adapters.pos.contract import TillContext
from adapters.pos.square.codec import decode
from adapters.pos.square.mapping import reading

NEVER_CARD_DATA = frozenset(
    """id uid order_id payment_id refund_id location_id merchant_id event_id customer_id team_member_id device_id application_id
    catalog_object_id source_order_id source_line_item_uid transaction_id tender_id receipt_number reference_id idempotency_key
    fingerprint version_token sku upc gtin ean serial_number gift_card_id gift_card_gan bin last_4 cursor""".split()
)
"""Fields whose digits are Square's own ids and tokens, or numbers of goods; Square itself never sends a whole card number."""


class Square:
    """Square's API v2 and webhooks; see README.md in this folder."""

    name = "square"
    version = "1"

    def mask(self, raw: bytes) -> bytes:
        """Return the message without card data (see the contract)."""
        return mask_json(raw, NEVER_CARD_DATA)

    def read(self, raw: bytes, context: TillContext) -> Reading:
        """Return what the message means (see the contract)."""
        message, names = decode(raw)
        return reading(message, names, context)


DIALECT = Square()
