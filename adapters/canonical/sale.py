"""What a till did: a dialect's reading comes in, one shape for every till goes out; amounts exact, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from adapters.canonical.address import Address
from adapters.canonical.key import BusinessKey
from adapters.canonical.money import Money


class DocumentKind(StrEnum):
    """What a till's document says happened."""

    SALE = "sale"
    RETURN = "return"
    VOID = "void"


class Fulfilment(StrEnum):
    """How the customer gets a line's goods."""

    CARRY_OUT = "carry_out"
    SHIP = "ship"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """One line. `item` is the SKU, GTIN or alias as the till named it; empty for amounts without goods (a tip, a service).

    `quantity` is above zero and goes from the shop to the customer in a SALE, back in a RETURN; in a SALE a negative quantity is goods
    taken back (an exchange). `total` is what the line adds to the document's total, after its discounts.
    """

    number: int
    item: str
    quantity: Decimal
    description: str = ""
    unit_price: Money | None = None
    discount: Money | None = None
    total: Money | None = None
    fulfilment: Fulfilment = Fulfilment.CARRY_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """How a part was paid: `kind` is `cash`, `card`, `gift_card`, `other`; negative amounts are money given back."""

    kind: str
    amount: Money
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A document of a till: sale, return or void, in earnest and complete.

    `total` = sum of line totals + taxes not included in them + tips; `occurred_at` is UTC, `utc_offset_minutes` the source's offset.
    `original_reference` names the document that a return or void is about; None in a blind return.
    """

    kind: DocumentKind
    reference: str
    currency: str
    lines: tuple[SaleLine, ...]
    occurred_at: datetime
    utc_offset_minutes: int = 0
    business_day: date | None = None
    original_reference: str | None = None
    tenders: tuple[Tender, ...] = ()
    total: Money | None = None
    tax: Money | None = None
    tax_included: bool = True
    discount: Money | None = None
    tip: Money | None = None
    ship_to: Address | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A later fact about a document, recorded beside it without moving stock: a payment, a refund of money.

    `about` is the reference of the document it belongs to, empty when the source names none.
    """

    kind: str
    reference: str
    about: str
    occurred_at: datetime
    amount: Money | None = None
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotASale:
    """A well-formed message that books nothing: acknowledged with reason NOT_A_SALE and this sentence."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a dialect made of a message. `key` is None exactly for NotASale."""

    document: Sale | Fact | NotASale
    key: BusinessKey | None
