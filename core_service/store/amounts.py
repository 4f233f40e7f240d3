"""Exact amounts between facts and columns: Money and Decimal in, integers out, and back; pure."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from adapters.canonical.address import Address
from adapters.canonical.money import Money
from adapters.canonical.quantity import MICRO, QuantityError, from_micro, to_micro
from adapters.errors import Permanent
from adapters.reasons import Reason

_MICRO_IN_ONE = 10**MICRO
_LARGEST_INTEGER = 2**63 - 1


def micro(quantity: Decimal) -> int:
    """Return micro-units for a column; raises Permanent(QUANTITY_INVALID) for what does not fit exactly."""
    try:
        units = to_micro(quantity)
    except QuantityError as error:
        raise Permanent(Reason.QUANTITY_INVALID, f"{error}; give at most six decimals.") from error
    if abs(units) > _LARGEST_INTEGER:
        raise Permanent(Reason.QUANTITY_INVALID, f"{quantity} units are too many to add up; split the message.")
    return units


def units(micro_units: int) -> Decimal:
    """Return the quantity of a column of micro-units; whole ones, which nearly all are, without decimal arithmetic."""
    whole, part = divmod(micro_units, _MICRO_IN_ONE)
    return Decimal(whole) if part == 0 else from_micro(micro_units)


def minor(amount: Money | None, currency: str) -> int | None:
    """Return minor units for a column beside `currency`; raises Permanent(CURRENCY_INVALID) for another currency."""
    if amount is None:
        return None
    if amount.currency != currency:
        sentence = f"An amount in {amount.currency} stands in a document in {currency}; a document has one currency."
        raise Permanent(Reason.CURRENCY_INVALID, sentence)
    return amount.minor_units


def money(minor_units: int | None, currency: str) -> Money | None:
    """Return the amount of two columns; None when there is none."""
    return None if minor_units is None else Money(minor_units, currency)


def address_text(address: Address | None) -> str | None:
    """Return an address as JSON text."""
    return None if address is None else msgspec.json.encode(address).decode()


def address(text: str | None) -> Address | None:
    """Return the address of JSON text."""
    return None if text is None else msgspec.json.decode(text, type=Address)
