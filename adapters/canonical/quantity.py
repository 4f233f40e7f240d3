"""Exact quantities: decimal text in, `Decimal` or integer micro-units out; promises no rounding and a bounded size.

SQL columns hold micro-units (1/1,000,000), so that levels add up exactly on every engine.
"""

from __future__ import annotations

from decimal import Decimal

MICRO = 6
LARGEST = Decimal(1_000_000_000)
"""No single message moves more units; a larger number is a mistake (faults row 48 takes 1e9 as its probe)."""


class QuantityError(ValueError):
    """Text that is no quantity; the message says why."""


def parse_quantity(text: str | int | Decimal) -> Decimal:
    """Read an exact decimal, sign allowed, at most six decimals and below 1e9; raise QuantityError otherwise."""
    if isinstance(text, bool):
        message = "a quantity is a number, not true or false"
        raise QuantityError(message)
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        message = f"{text!r} is not a decimal number"
        raise QuantityError(message) from error
    if not value.is_finite() or abs(value) >= LARGEST:
        message = f"{text} is not a quantity below {LARGEST}"
        raise QuantityError(message)
    if value != value.quantize(Decimal(1).scaleb(-MICRO)):
        message = f"{text} has more than {MICRO} decimals"
        raise QuantityError(message)
    return value


def to_micro(value: Decimal) -> int:
    """Return micro-units of an exact quantity; raise QuantityError when it has more than six decimals."""
    micro = value.scaleb(MICRO)
    if micro != micro.to_integral_value():
        message = f"{value} has more than {MICRO} decimals"
        raise QuantityError(message)
    return int(micro)


def from_micro(micro: int) -> Decimal:
    """Return the quantity of micro-units without needless zeros (`1500000` -> `Decimal("1.5")`)."""
    value = Decimal(micro).scaleb(-MICRO)
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()


def show(value: Decimal) -> str:
    """Write plainly, never with an exponent: `Decimal("1E+2")` -> `"100"`."""
    return f"{from_micro(to_micro(value)):f}"
