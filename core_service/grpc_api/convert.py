"""Between the OMS contract's messages and the core's own records: each field checked with its path, exact both ways."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp

from adapters.canonical.address import Address
from adapters.canonical.country import is_country
from adapters.canonical.money import Money, MoneyError, exponent
from adapters.canonical.quantity import parse_quantity, show
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from core_service.domain.exception import ParkedException
from core_service.domain.order import LineageStep, Order
from core_service.ports.stock import Level
from tillstream.oms.v1 import (
    address_pb2,
    exception_service_pb2,
    money_pb2,
    order_service_pb2,
    stock_service_pb2,
    why_service_pb2,
)

LONGEST_NOTE = 500
LONGEST_REQUEST_ID = 100
"""Characters."""

_MOST_ADDRESS_LINES = 5
_LONGEST_TEXT = 200
_LONGEST_SHOWN = 40
_EXACT_DECIMAL = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)


def timestamp(moment: datetime) -> Timestamp:
    """Return a moment as protobuf carries it, in whole milliseconds as records keep it: first and later answers agree."""
    message = Timestamp()
    message.FromMilliseconds(to_millis(moment))
    return message


def quantity(value: str, path: str) -> Decimal:
    """Read an exact decimal; raise Permanent(FIELD_MISSING | QUANTITY_INVALID)."""
    if not value:
        raise Permanent(Reason.FIELD_MISSING, "Give a quantity, an exact decimal such as 2 or 0.425.", path=path)
    if not _EXACT_DECIMAL.fullmatch(value):
        sentence = (
            f"{_shown(value)} is no exact decimal below 1000000000 with at most six decimals; write it as 2 or 0.425."
        )
        raise Permanent(Reason.QUANTITY_INVALID, sentence, path=path)
    return parse_quantity(value)


def currency(code: str, path: str) -> str:
    """Return the ISO 4217 code of the amount at `path`; raise Permanent(CURRENCY_INVALID)."""
    try:
        exponent(code)
    except MoneyError as error:
        sentence = f"{_shown(code)} is no ISO 4217 currency; give three capital letters such as GBP."
        raise Permanent(Reason.CURRENCY_INVALID, sentence, path=f"{path}.currency_code") from error
    return code


def money(message: money_pb2.Money, path: str) -> Money:
    """Read an amount that someone pays, zero or more; raise Permanent(CURRENCY_INVALID | AMOUNT_INVALID)."""
    try:
        amount = Money(message.minor_units, currency(message.currency_code, path))
    except MoneyError as error:
        raise Permanent(Reason.AMOUNT_INVALID, f"{error}.", path=f"{path}.minor_units") from error
    if amount.minor_units < 0:
        raise Permanent(Reason.AMOUNT_INVALID, "Give an amount of zero or more.", path=f"{path}.minor_units")
    return amount


def money_message(amount: Money) -> money_pb2.Money:
    """Write an amount."""
    return money_pb2.Money(minor_units=amount.minor_units, currency_code=amount.currency)


def text(value: str, path: str, longest: int = _LONGEST_TEXT) -> str:
    """Return storable text; raise Permanent(TEXT_NOT_STORABLE | FIELD_INVALID)."""
    if "\x00" in value:
        raise Permanent(Reason.TEXT_NOT_STORABLE, "Text cannot hold the character U+0000; leave it out.", path=path)
    if len(value) > longest:
        raise Permanent(Reason.FIELD_INVALID, f"At most {longest} characters.", path=path)
    return value


def request_id(value: str) -> str:
    """Return a caller's id of a request; raise Permanent(FIELD_MISSING | FIELD_INVALID | TEXT_NOT_STORABLE)."""
    if not value.strip():
        sentence = "Give each request an id of your own, so that a repeat books nothing twice."
        raise Permanent(Reason.FIELD_MISSING, sentence, path="request_id")
    return text(value, "request_id", LONGEST_REQUEST_ID)


def required(value: str, path: str, longest: int = _LONGEST_TEXT) -> str:
    """Return storable text that is not empty; raise Permanent(FIELD_MISSING) as well."""
    if not value.strip():
        raise Permanent(Reason.FIELD_MISSING, "This field is needed.", path=path)
    return text(value, path, longest)


def address(message: address_pb2.Address, path: str) -> Address:
    """Read an address: name, a street line, town and country are needed; raise Permanent(ADDRESS_MISSING | ADDRESS_INVALID ...)."""
    if not message.ByteSize():
        raise Permanent(Reason.ADDRESS_MISSING, "Say where the order goes.", path=path)
    country = message.country_code
    if not is_country(country):
        sentence = f"{_shown(country)} is no country of ISO 3166-1 alpha-2; give two capital letters such as GB."
        raise Permanent(Reason.ADDRESS_INVALID, sentence, path=f"{path}.country_code")
    if not message.lines or len(message.lines) > _MOST_ADDRESS_LINES:
        raise Permanent(Reason.ADDRESS_INVALID, f"Give 1 to {_MOST_ADDRESS_LINES} street lines.", path=f"{path}.lines")
    return Address(
        name=required(message.name, f"{path}.name"),
        lines=tuple(required(line, f"{path}.lines[{place}]") for place, line in enumerate(message.lines)),
        city=required(message.city, f"{path}.city"),
        country_code=country,
        region=text(message.region, f"{path}.region"),
        postal_code=text(message.postal_code, f"{path}.postal_code"),
        phone=text(message.phone, f"{path}.phone"),
        email=text(message.email, f"{path}.email"),
    )


def order_message(order: Order) -> order_service_pb2.Order:
    """Write an order."""
    message = order_service_pb2.Order(
        order_id=order.order_id,
        reference=order.reference,
        source=order.source,
        status=order_service_pb2.OrderStatus.Value(f"ORDER_STATUS_{order.status}"),
        ship_to=address_message(order.ship_to),
        location=order.location,
        tracking_number=order.tracking_number,
        create_time=timestamp(order.created_at),
        update_time=timestamp(order.updated_at),
        etag=str(order.version),
        sentence=order.sentence,
    )
    if order.total is not None:
        message.total.CopyFrom(money_message(order.total))
    for line in order.lines:
        written = message.lines.add(number=line.number, sku=line.sku, quantity=show(line.quantity))
        if line.unit_price is not None:
            written.unit_price.CopyFrom(money_message(line.unit_price))
    return message


def address_message(ship_to: Address) -> address_pb2.Address:
    """Write an address."""
    return address_pb2.Address(
        name=ship_to.name,
        lines=ship_to.lines,
        city=ship_to.city,
        region=ship_to.region,
        postal_code=ship_to.postal_code,
        country_code=ship_to.country_code,
        phone=ship_to.phone,
        email=ship_to.email,
    )


def level_message(level: Level) -> stock_service_pb2.StockLevel:
    """Write a stock level."""
    position = level.position
    return stock_service_pb2.StockLevel(
        location=level.location,
        sku=level.sku,
        on_hand=show(position.on_hand),
        core_rights=show(position.core_rights),
        store_rights=show(position.store_rights),
        reserved=show(position.reserved),
        in_flight=show(position.in_flight),
        update_time=timestamp(level.updated_at),
    )


def exception_message(parked: ParkedException) -> exception_service_pb2.Exception:
    """Write an exception."""
    return exception_service_pb2.Exception(
        exception_id=parked.exception_id,
        reason=parked.reason,
        sentence=parked.sentence,
        owner=parked.owner,
        status=exception_service_pb2.ExceptionStatus.Value(f"EXCEPTION_STATUS_{parked.status}"),
        source=parked.source,
        reference=parked.reference,
        dialect=f"{parked.dialect} {parked.dialect_version}".strip(),
        create_time=timestamp(parked.created_at),
        replays=parked.replays,
    )


def step_message(step: LineageStep) -> why_service_pb2.LineageStep:
    """Write a step of a record's lineage."""
    return why_service_pb2.LineageStep(
        time=timestamp(step.at), stage=step.stage, sentence=step.sentence, details=step.details
    )


def _shown(value: str) -> str:
    """Quote a caller's text in a sentence, cut short: a status has to fit the trailers of a call."""
    return repr(value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}...")
