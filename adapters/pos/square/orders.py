"""Square orders as documents: an order in and the till's context, a Reading out; which states book is decided here; pure.

    COMPLETED   books: a sale, a return (only `returns`), or a sale with negative lines (an exchange); a higher version amends
    CANCELED    voids the order
    OPEN, DRAFT book nothing yet

An order is Square's until it is COMPLETED, so its goods have left by then: nothing is shipped by us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from adapters.canonical import fingerprint
from adapters.canonical.business_day import business_day
from adapters.canonical.key import BusinessKey
from adapters.canonical.moment import MomentError, parse_moment
from adapters.canonical.money import Money, MoneyError, exponent
from adapters.canonical.quantity import QuantityError, parse_quantity
from adapters.canonical.sale import DocumentKind, NotASale, Reading, Sale, SaleLine, Tender
from adapters.errors import Permanent
from adapters.pos.contract import TillContext
from adapters.pos.square import codec
from adapters.pos.square.amounts import (
    amount,
    beside_lines,
    minor,
    prove_line,
    prove_order,
    returned,
    returned_beside_lines,
)
from adapters.pos.totals import money
from adapters.reasons import Reason

_PATH = "$.order"
_NO_GOODS = frozenset({"CUSTOM_AMOUNT", "GIFT_CARD"})
_TENDER_KINDS = {"CASH": "cash", "CARD": "card", "SQUARE_GIFT_CARD": "gift_card", "WALLET": "card"}
_NOT_YET = {
    "OPEN": "An open order; it books when it is completed.",
    "DRAFT": "A draft of an order; it books when it is completed.",
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every part of a document needs to know."""

    currency: str
    moment: datetime
    offset: int
    day: date


def reading(order: codec.Order, context: TillContext, path: str = _PATH) -> Reading:
    """Return what an order of Square's means; raise Permanent with reason, sentence and path for what cannot be so."""
    if order.id is None:
        return not_a_sale("An order without an id is a request or a calculation; Square's answer with the order books.")
    if order.state in _NOT_YET:
        return not_a_sale(_NOT_YET[order.state])
    if order.state == "CANCELED":
        return _void(order, context, path)
    if order.state != "COMPLETED":
        if order.state is None:
            raise Permanent(
                Reason.FIELD_MISSING, "An order says its state; send the whole order.", path=f"{path}.state"
            )
        sentence = f"The state {order.state[:40]!a} is unknown; known are OPEN, DRAFT, COMPLETED and CANCELED."
        raise Permanent(Reason.FIELD_INVALID, sentence, path=f"{path}.state")
    if not order.line_items and not order.returns:
        return not_a_sale("A completed order without lines, such as an opened cash drawer, books nothing.")
    return _document(order, context, path)


def not_a_sale(sentence: str) -> Reading:
    """Return the reading of a message that is understood and books nothing."""
    return Reading(document=NotASale(sentence=sentence), key=None)


def _document(order: codec.Order, context: TillContext, path: str) -> Reading:
    frame = _frame(order, context, path)
    lines = [
        _line(line, number, frame, f"{path}.line_items[{number - 1}]")
        for number, line in enumerate(order.line_items or [], start=1)
    ]
    is_return = not lines
    if not is_return:
        prove_order(order, path)
        lines += _beside(beside_lines(order), len(lines) + 1, "Service charges and cash rounding", frame, path)
    back = _returned_lines(order, frame, path, first=len(lines) + 1, sign=1 if is_return else -1)
    given_back = returned(order, path)
    sale = Sale(
        kind=DocumentKind.RETURN if is_return else DocumentKind.SALE,
        reference=order.id or "",
        currency=frame.currency,
        lines=(*lines, *back),
        occurred_at=frame.moment,
        utc_offset_minutes=frame.offset,
        business_day=frame.day,
        original_reference=_original(order),
        tenders=_tenders(order, frame, path),
        total=_total(order, given_back, frame, path, is_return=is_return),
        tax=amount(order.total_tax_money, frame.currency, f"{path}.total_tax_money"),
        discount=amount(order.total_discount_money, frame.currency, f"{path}.total_discount_money"),
        tip=None if is_return else amount(order.total_tip_money, frame.currency, f"{path}.total_tip_money"),
        attributes=_attributes(order),
    )
    return Reading(document=sale, key=_key(sale, order, context))


def _void(order: codec.Order, context: TillContext, path: str) -> Reading:
    frame = _frame(order, context, path)
    sale = Sale(
        kind=DocumentKind.VOID,
        reference=order.id or "",
        currency=frame.currency,
        lines=(),
        occurred_at=frame.moment,
        utc_offset_minutes=frame.offset,
        business_day=frame.day,
        original_reference=order.id,
        attributes=_attributes(order),
    )
    return Reading(document=sale, key=_key(sale, order, context))


def _key(sale: Sale, order: codec.Order, context: TillContext) -> BusinessKey:
    """Name the order the same whichever door or till it came by; without a version it is revision 0."""
    return BusinessKey(
        kind=sale.kind.value,
        source=f"{context.store}/square",
        reference=sale.reference,
        revision=order.version or 0,
        fingerprint=fingerprint.of_sale(sale),
        fingerprint_version=fingerprint.VERSION,
    )


def _frame(order: codec.Order, context: TillContext, path: str) -> _Frame:
    currency = _currency(order, context)
    try:
        exponent(currency)
    except MoneyError as error:
        raise Permanent(
            Reason.CURRENCY_INVALID, f"{error}; correct it.", path=f"{path}.total_money.currency"
        ) from error
    name = next((name for name in ("closed_at", "updated_at", "created_at") if getattr(order, name)), None)
    if name is None:
        raise Permanent(Reason.FIELD_MISSING, "An order says when it was closed.", path=f"{path}.closed_at")
    moment, offset, day = when(getattr(order, name), context, f"{path}.{name}")
    return _Frame(currency, moment, offset, day)


def when(text: str, context: TillContext, path: str) -> tuple[datetime, int, date]:
    """Return (UTC moment, source's offset in minutes, business day) of a vendor's time; raise Permanent(TIME_INVALID)."""
    try:
        moment, offset = parse_moment(text)
        return moment, offset, business_day(moment, context.time_zone, context.closing_time)
    except (MomentError, OverflowError) as error:
        raise Permanent(Reason.TIME_INVALID, f"{error}.", path=path) from error


def _currency(order: codec.Order, context: TillContext) -> str:
    sums = [order.total_money, order.return_amounts.total_money if order.return_amounts else None]
    sums += [line.total_money or line.base_price_money for line in order.line_items or []]
    return next((each.currency for each in sums if each and each.currency), context.currency)


def _line(line: codec.LineItem, number: int, frame: _Frame, path: str) -> SaleLine:
    count = quantity(line.quantity, f"{path}.quantity")
    prove_line(line, count, path)
    return SaleLine(
        number=number,
        item=_item(line.item_type, line.catalog_object_id),
        quantity=count,
        description=_description(line.name, line.variation_name),
        unit_price=amount(line.base_price_money, frame.currency, f"{path}.base_price_money"),
        discount=amount(line.total_discount_money, frame.currency, f"{path}.total_discount_money"),
        total=amount(line.total_money, frame.currency, f"{path}.total_money"),
    )


def _returned_lines(order: codec.Order, frame: _Frame, path: str, *, first: int, sign: int) -> list[SaleLine]:
    lines: list[SaleLine] = []
    for index, part in enumerate(order.returns or []):
        for at, line in enumerate(part.return_line_items or []):
            where = f"{path}.returns[{index}].return_line_items[{at}]"
            total = amount(line.total_money, frame.currency, f"{where}.total_money")
            lines.append(
                SaleLine(
                    number=first + len(lines),
                    item=_item(line.item_type, line.catalog_object_id),
                    quantity=sign * quantity(line.quantity, f"{where}.quantity"),
                    description=_description(line.name, line.variation_name),
                    unit_price=amount(line.base_price_money, frame.currency, f"{where}.base_price_money"),
                    discount=amount(line.total_discount_money, frame.currency, f"{where}.total_discount_money"),
                    total=-total if total and sign < 0 else total,
                )
            )
        beside = sign * returned_beside_lines(part)
        lines += _beside(beside, first + len(lines), "Tips, charges and rounding given back", frame, path)
    return lines


def _beside(minor_units: int, number: int, description: str, frame: _Frame, path: str) -> list[SaleLine]:
    """Return a line without goods for what is in no line of Square's, so that lines and tip make the total; none for nothing."""
    if not minor_units:
        return []
    total = money(minor_units, frame.currency, path)
    return [SaleLine(number=number, item="", quantity=Decimal(1), description=description, total=total)]


def quantity(text: str | None, path: str) -> Decimal:
    """Return a vendor's quantity, above zero; raise Permanent(QUANTITY_INVALID)."""
    plain = (text or "").strip()
    if not plain.replace(".", "", 1).isascii() or not plain.replace(".", "", 1).isdigit():
        raise Permanent(Reason.QUANTITY_INVALID, "A line's quantity is decimal text above zero.", path=path)
    try:
        value = parse_quantity(plain)
    except QuantityError as error:
        raise Permanent(Reason.QUANTITY_INVALID, f"The quantity cannot be: {error}.", path=path) from error
    if value == 0:
        raise Permanent(Reason.QUANTITY_INVALID, "A line's quantity is decimal text above zero.", path=path)
    return value


def _item(item_type: str | None, catalog_object_id: str | None) -> str:
    """Return the catalogue id that a till's alias is set up for; nothing for amounts, gift cards and lines typed by hand."""
    return "" if item_type in _NO_GOODS else catalog_object_id or ""


def _description(name: str | None, variation: str | None) -> str:
    return ", ".join(part for part in (name, variation) if part)


def _tenders(order: codec.Order, frame: _Frame, path: str) -> tuple[Tender, ...]:
    tenders = []
    for index, tender in enumerate(order.tenders or []):
        paid = amount(tender.amount_money, frame.currency, f"{path}.tenders[{index}].amount_money")
        if paid is not None:
            kind = _TENDER_KINDS.get(tender.type or "", "other")
            tenders.append(Tender(kind=kind, amount=paid, reference=tender.payment_id or tender.id or ""))
    return tuple(tenders)


def _total(order: codec.Order, given_back: int | None, frame: _Frame, path: str, *, is_return: bool) -> Money | None:
    if is_return:
        return None if given_back is None else money(given_back, frame.currency, f"{path}.return_amounts")
    if order.total_money is None or order.total_money.amount is None or (order.returns and given_back is None):
        return None
    return money(minor(order.total_money) - (given_back or 0), frame.currency, f"{path}.total_money")


def _original(order: codec.Order) -> str | None:
    """Return the order whose goods come back, None when there are several or none."""
    sources = {part.source_order_id for part in order.returns or [] if part.source_order_id}
    return min(sources) if len(sources) == 1 else None


def _attributes(order: codec.Order) -> dict[str, str]:
    named = {"location_id": order.location_id, "reference_id": order.reference_id}
    return {name: value for name, value in named.items() if value}
