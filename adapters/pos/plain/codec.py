"""The messages of `plain`: bytes in, a Message whose shape is checked out; what the amounts mean is the mapping's business; pure.

`schema.json` beside this file is generated from these structs (`python -m checks.plain_schema --write`) and kept fresh by a test.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.strict import decode as strict_decode

Amount = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,16}(\.[0-9]{1,5})?$",
        description="Decimal text in major units, with a point: `12.50`.",
        examples=["12.50", "-3", "1250"],
    ),
]
Quantity = Annotated[
    Any,
    Meta(
        description="How many, as a number or decimal text; at most six decimals, below 1e9.",
        extra_json_schema={"type": ["string", "number"], "pattern": r"^-?[0-9]{1,10}(\.[0-9]{1,6})?$"},
    ),
]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
Item = Annotated[str, Meta(max_length=64, description="SKU, GTIN or alias; empty for an amount without goods.")]
Text = Annotated[str, Meta(max_length=1000)]
ShortText = Annotated[str, Meta(max_length=200)]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a document. `total` may be left out when `unit_price` is given, and the other way round."""

    quantity: Quantity
    item: Item = ""
    unit_price: Amount | None = None
    discount: Amount | None = None
    total: Amount | None = None
    description: Text = ""
    fulfilment: Literal["carry_out", "ship"] = "carry_out"


class Tender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a part was paid; change given is a negative `cash` tender."""

    kind: Literal["cash", "card", "gift_card", "other"]
    amount: Amount
    reference: ShortText = ""


class ShipTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the lines with fulfilment `ship` are sent. `country_code` is ISO 3166-1 alpha-2."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    lines: Annotated[list[ShortText], Meta(min_length=1, max_length=6)]
    city: Annotated[str, Meta(min_length=1, max_length=200)]
    country_code: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    region: ShortText = ""
    postal_code: ShortText = ""
    phone: ShortText = ""
    email: ShortText = ""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One document of a till."""

    receipt_number: Identifier
    sold_at: Annotated[str, Meta(description="RFC 3339 with offset, such as 2026-01-05T10:00:00+01:00.")]
    type: Literal["sale", "return", "void"] = "sale"
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    business_day: Annotated[date | None, Meta(description="The till's own business day, ISO 8601.")] = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    lines: list[Line] = []
    tenders: list[Tender] = []
    total: Amount | None = None
    tax: Amount | None = None
    tax_included: bool = True
    discount: Amount | None = None
    tip: Amount | None = None
    ship_to: ShipTo | None = None
    original_receipt: Identifier | None = None
    original_business_day: date | None = None
    cashier: ShortText = ""
    attributes: dict[Annotated[str, Meta(max_length=64)], Text] = {}


_AMOUNT = (Reason.AMOUNT_INVALID, 'Write the amount as decimal text with a point, such as "12.50".')
_FIELDS: dict[str, tuple[Reason, str]] = {
    **dict.fromkeys(("unit_price", "discount", "total", "tax", "tip", "amount"), _AMOUNT),
    "sold_at": (Reason.TIME_INVALID, 'Write the time as text with its offset, such as "2026-01-05T10:00:00+01:00".'),
    "currency": (Reason.CURRENCY_INVALID, 'Write the currency as three letters of ISO 4217, such as "EUR".'),
}


def decode(raw: bytes) -> Message:
    """Return the message; raise Permanent as the strict decoder, with the reason of the field's own kind where there is one."""
    try:
        return strict_decode(raw, Message)
    except Permanent as error:
        known = _FIELDS.get(error.path.rpartition(".")[2])
        if error.reason is not Reason.FIELD_INVALID or known is None:
            raise
        raise Permanent(known[0], known[1], path=error.path) from error
