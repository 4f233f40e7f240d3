"""Proof that a document's amounts add up: a sale in, nothing out, or Permanent(TOTALS_MISMATCH) that says by how much; pure.

line total   = quantity x unit price - discount, rounded half up to the currency's smallest unit
total        = sum of line totals + tax (unless included) + tip
sum of tenders = total, when tenders are given
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from adapters.canonical.money import Money, MoneyError
from adapters.canonical.sale import Sale
from adapters.errors import Permanent
from adapters.reasons import Reason


def line_total(quantity: Decimal, unit_price: Money, discount: Money | None, path: str) -> Money:
    """Return what a line must add to the total; raise Permanent(AMOUNT_INVALID) when that is no sum of money."""
    exact = quantity * unit_price.minor_units
    minor = int(exact.to_integral_value(ROUND_HALF_UP)) - (discount.minor_units if discount else 0)
    return money(minor, unit_price.currency, path)


def prove_line(stated: Money, expected: Money, path: str) -> None:
    """Check a line's total against what follows from its parts."""
    if stated != expected:
        sentence = (
            f"The line's total is {stated}, quantity x unit price - discount is {expected}: {_gap(stated, expected)}."
        )
        raise Permanent(Reason.TOTALS_MISMATCH, sentence, path=path)


def prove(sale: Sale, path: str = "$") -> None:
    """Check a document's total against its lines, tax and tip, and its tenders against the total."""
    if sale.total is None:
        return
    currency = sale.currency
    sum_of_lines = sum(line.total.minor_units for line in sale.lines if line.total)
    tax = sale.tax.minor_units if sale.tax and not sale.tax_included else 0
    tip = sale.tip.minor_units if sale.tip else 0
    expected = money(sum_of_lines + tax + tip, currency, f"{path}.total")
    if sale.total != expected:
        sentence = (
            f"The total is {sale.total}, lines + tax not included + tip are {expected}: {_gap(sale.total, expected)}."
        )
        raise Permanent(Reason.TOTALS_MISMATCH, sentence, path=f"{path}.total")
    if sale.tenders:
        paid = money(sum(tender.amount.minor_units for tender in sale.tenders), currency, f"{path}.tenders")
        if paid != sale.total:
            sentence = f"The tenders add up to {paid}, the total is {sale.total}: {_gap(paid, sale.total)}."
            raise Permanent(Reason.TOTALS_MISMATCH, sentence, path=f"{path}.tenders")


def money(minor: int, currency: str, path: str) -> Money:
    """Return an amount; raise Permanent(AMOUNT_INVALID or CURRENCY_INVALID) for what is none."""
    try:
        return Money(minor, currency)
    except MoneyError as error:
        reason = Reason.AMOUNT_INVALID if "minor units" in str(error) else Reason.CURRENCY_INVALID
        raise Permanent(reason, f"{error}; correct it.", path=path) from error


def _gap(stated: Money, expected: Money) -> str:
    difference = stated - expected
    return f"{abs(difference.decimal())} {stated.currency} too {'much' if difference.minor_units > 0 else 'little'}"
