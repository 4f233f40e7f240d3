"""What a `plain` message means: a Message and the till's context in, a Reading whose totals are proven out; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.canonical import fingerprint
from adapters.canonical.address import Address
from adapters.canonical.business_day import business_day
from adapters.canonical.key import BusinessKey
from adapters.canonical.moment import MomentError, parse_moment
from adapters.canonical.money import Money, MoneyError, exponent
from adapters.canonical.quantity import QuantityError, parse_quantity
from adapters.canonical.sale import DocumentKind, Fulfilment, Reading, Sale, SaleLine, Tender
from adapters.errors import Permanent
from adapters.pos.contract import TillContext
from adapters.pos.plain import codec
from adapters.pos.totals import line_total, prove, prove_line
from adapters.reasons import Reason

_QUANTITY = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _When:
    moment: datetime
    offset: int
    day: date


def reading(message: codec.Message, context: TillContext) -> Reading:
    """Return what the message says; raise Permanent with reason, sentence and path for what cannot be so."""
    _identifier(message.receipt_number, "$.receipt_number")
    currency = _currency(message, context)
    when = _when(message, context)
    sale = Sale(
        kind=DocumentKind(message.type),
        reference=f"{when.day.isoformat()}/{message.receipt_number}",
        currency=currency,
        lines=tuple(_line(line, number, message.type, currency) for number, line in enumerate(message.lines, start=1)),
        occurred_at=when.moment,
        utc_offset_minutes=when.offset,
        business_day=when.day,
        original_reference=_original(message, when.day),
        tenders=tuple(_tender(tender, index, currency) for index, tender in enumerate(message.tenders)),
        total=_amount(message.total, currency, "$.total"),
        tax=_amount(message.tax, currency, "$.tax"),
        tax_included=message.tax_included,
        discount=_amount(message.discount, currency, "$.discount"),
        tip=_amount(message.tip, currency, "$.tip"),
        ship_to=_address(message.ship_to),
        attributes=_attributes(message),
    )
    _complete(sale)
    if sale.lines:
        prove(sale)
    key = BusinessKey(
        kind=message.type,
        source=f"{context.store}/{context.till}",
        reference=sale.reference,
        revision=message.revision,
        fingerprint=fingerprint.of_sale(sale),
        fingerprint_version=fingerprint.VERSION,
    )
    return Reading(document=sale, key=key)


def _currency(message: codec.Message, context: TillContext) -> str:
    currency = message.currency or context.currency
    try:
        exponent(currency)
    except MoneyError as error:
        raise Permanent(Reason.CURRENCY_INVALID, f"{error}; correct it.", path="$.currency") from error
    return currency


def _when(message: codec.Message, context: TillContext) -> _When:
    try:
        moment, offset = parse_moment(message.sold_at)
        day = message.business_day or business_day(moment, context.time_zone, context.closing_time)
    except MomentError as error:
        raise Permanent(Reason.TIME_INVALID, f"{error}.", path="$.sold_at") from error
    except OverflowError as error:
        sentence = f"{message.sold_at[:40]!a} is beyond the calendar; correct the till's clock."
        raise Permanent(Reason.TIME_INVALID, sentence, path="$.sold_at") from error
    return _When(moment, offset, day)


def _line(line: codec.Line, number: int, kind: str, currency: str) -> SaleLine:
    path = f"$.lines[{number - 1}]"
    if line.item:
        _identifier(line.item, f"{path}.item")
    quantity = _quantity(line.quantity, kind, f"{path}.quantity")
    unit_price = _amount(line.unit_price, currency, f"{path}.unit_price")
    discount = _amount(line.discount, currency, f"{path}.discount")
    total = _amount(line.total, currency, f"{path}.total")
    if unit_price is not None:
        expected = line_total(quantity, unit_price, discount, f"{path}.total")
        if total is not None:
            prove_line(total, expected, f"{path}.total")
        total = expected
    if total is None:
        sentence = "A line needs its `total` or its `unit_price`; add one of them."
        raise Permanent(Reason.FIELD_MISSING, sentence, path=f"{path}.total")
    return SaleLine(
        number=number,
        item=line.item,
        quantity=quantity,
        description=line.description,
        unit_price=unit_price,
        discount=discount,
        total=total,
        fulfilment=Fulfilment(line.fulfilment),
    )


def _quantity(given: Any, kind: str, path: str) -> Decimal:
    is_number = isinstance(given, int | Decimal) and not isinstance(given, bool)
    if not (is_number or (isinstance(given, str) and _QUANTITY.fullmatch(given))):
        sentence = 'Write the quantity as a number or as decimal text such as "1.5", at most six decimals.'
        raise Permanent(Reason.QUANTITY_INVALID, sentence, path=path)
    try:
        quantity = parse_quantity(given)
    except (QuantityError, ArithmeticError) as error:
        raise Permanent(Reason.QUANTITY_INVALID, f"The quantity cannot be: {error}.", path=path) from error
    if quantity == 0:
        raise Permanent(Reason.QUANTITY_INVALID, "The quantity is zero; leave the line out.", path=path)
    if quantity < 0 and kind != "sale":
        sentence = f"The quantities of a {kind} are above zero; its type says which way the goods go."
        raise Permanent(Reason.QUANTITY_INVALID, sentence, path=path)
    return quantity


def _tender(tender: codec.Tender, index: int, currency: str) -> Tender:
    amount = _amount(tender.amount, currency, f"$.tenders[{index}].amount")
    assert amount is not None, "a tender's amount is a required field"
    return Tender(kind=tender.kind, amount=amount, reference=tender.reference)


def _amount(text: str | None, currency: str, path: str) -> Money | None:
    if text is None:
        return None
    try:
        return Money.parse(text, currency)
    except MoneyError as error:
        raise Permanent(Reason.AMOUNT_INVALID, f"The amount cannot be: {error}.", path=path) from error


def _address(ship_to: codec.ShipTo | None) -> Address | None:
    if ship_to is None:
        return None
    return Address(
        name=ship_to.name,
        lines=tuple(ship_to.lines),
        city=ship_to.city,
        country_code=ship_to.country_code,
        region=ship_to.region,
        postal_code=ship_to.postal_code,
        phone=ship_to.phone,
        email=ship_to.email,
    )


def _original(message: codec.Message, day: date) -> str | None:
    """Return the reference of the document that this one is about; its business day is this one's unless the till says another."""
    if message.original_receipt is None:
        return None
    _identifier(message.original_receipt, "$.original_receipt")
    return f"{(message.original_business_day or day).isoformat()}/{message.original_receipt}"


def _attributes(message: codec.Message) -> dict[str, str]:
    return {**message.attributes, "cashier": message.cashier} if message.cashier else dict(message.attributes)


def _identifier(text: str, path: str) -> None:
    """Refuse invisible characters (controls, direction marks) and space at the ends: two names must not look alike."""
    if not text.isprintable() or text != text.strip():
        sentence = "A number or name holds invisible characters or space at its ends; send it as it is printed."
        raise Permanent(Reason.FIELD_INVALID, sentence, path=path)


def _complete(sale: Sale) -> None:
    """Refuse a document that lacks what its type needs."""
    if sale.kind is DocumentKind.VOID:
        if sale.original_reference is None:
            sentence = "A void names the receipt that it takes back; add `original_receipt`."
            raise Permanent(Reason.FIELD_MISSING, sentence, path="$.original_receipt")
        return
    if not sale.lines:
        raise Permanent(Reason.FIELD_MISSING, f"A {sale.kind} has at least one line; add `lines`.", path="$.lines")
    if sale.total is None:
        raise Permanent(Reason.FIELD_MISSING, f"A {sale.kind} has a total; add `total`.", path="$.total")
    ships = [line for line in sale.lines if line.fulfilment is Fulfilment.SHIP]
    if ships and sale.ship_to is None:
        sentence = f"Line {ships[0].number} is to be shipped; add `ship_to`."
        raise Permanent(Reason.ADDRESS_MISSING, sentence, path="$.ship_to")
