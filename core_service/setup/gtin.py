"""GTINs: digits in, the same out if length and check digit are right (GS1 General Specifications, section 7.9); pure."""

from __future__ import annotations

from core_service.setup.fields import invalid

_LENGTHS = frozenset({8, 12, 13, 14})


def checked_gtin(value: str, path: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 as written; raise Permanent(FIELD_INVALID) for anything else."""
    if not (value.isascii() and value.isdigit() and len(value) in _LENGTHS):
        raise invalid(path, f"{value[:60]!r} is no GTIN: it has 8, 12, 13 or 14 digits and nothing else")
    right = check_digit(value[:-1])
    if int(value[-1]) != right:
        raise invalid(path, f"the check digit of {value} should be {right}; read it from the article again")
    return value


def check_digit(digits: str) -> int:
    """Return the digit that follows: weights 3 and 1 by turns from the right, up to the next ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10
