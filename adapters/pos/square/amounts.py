"""Square's money: vendor amounts of an order in, the sums they must make out; raises Permanent where one is no money or does not add up; pure.

line total  = gross sales - discount + service charge + tax, of which what is included adds nothing
order total = line totals + service charges outside the lines + tip + cash rounding
tenders     = order total; they include the tip
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from adapters.canonical.money import Money
from adapters.errors import Permanent
from adapters.pos.square import codec
from adapters.pos.totals import money
from adapters.reasons import Reason

_APPORTIONED = "APPORTIONED_TREATMENT"


def amount(given: codec.Money | None, currency: str, path: str) -> Money | None:
    """Return an amount in the order's currency, None when absent; raise Permanent(CURRENCY_INVALID) for another currency."""
    if given is None or given.amount is None:
        return None
    if given.currency not in {None, currency}:
        sentence = (
            f"An order has one currency; this amount is in {str(given.currency)[:10]!a}, the order in {currency}."
        )
        raise Permanent(Reason.CURRENCY_INVALID, sentence, path=f"{path}.currency")
    return money(given.amount, currency, f"{path}.amount")


def minor(given: codec.Money | None) -> int:
    """Return minor units, 0 when absent."""
    return given.amount or 0 if given else 0


def prove_line(line: codec.LineItem, quantity: Decimal, path: str) -> None:
    """Check a line's total against its parts, as far as they are there; raise Permanent(TOTALS_MISMATCH)."""
    if line.total_money is None or line.gross_sales_money is None:
        return
    gross = minor(line.gross_sales_money)
    if line.base_price_money is not None and not line.modifiers:
        exact = quantity * minor(line.base_price_money)
        if abs(exact - gross) >= 1:
            raise _mismatch(f"Gross sales are {gross}, quantity x base price is {exact}", f"{path}.gross_sales_money")
    lowest = gross - minor(line.total_discount_money) + minor(line.total_service_charge_money)
    total = minor(line.total_money)
    if not lowest <= total <= lowest + minor(line.total_tax_money):
        said = f"The line's total is {total}, its parts make {lowest} before tax of {minor(line.total_tax_money)}"
        raise _mismatch(said, f"{path}.total_money")


def prove_order(order: codec.Order, path: str) -> None:
    """Check an order's total and tenders against their parts, as far as they are there; raise Permanent(TOTALS_MISMATCH)."""
    lines = order.line_items or []
    total = minor(order.total_money)
    if order.total_money is not None and all(line.total_money for line in lines):
        made = sum(minor(line.total_money) for line in lines) + beside_lines(order) + minor(order.total_tip_money)
        if total != made:
            raise _mismatch(
                f"The total is {total}, lines, charges, tip and rounding make {made}", f"{path}.total_money"
            )
    if order.total_money is not None and order.tenders and not order.returns:
        paid = sum(minor(tender.amount_money) for tender in order.tenders)
        if paid != total:
            raise _mismatch(f"The tenders make {paid}, the total is {total}", f"{path}.tenders")


def beside_lines(order: codec.Order) -> int:
    """Return the minor units of an order that are in no line and no tip: service charges outside the lines, and cash rounding."""
    rounding = minor(order.rounding_adjustment.amount_money) if order.rounding_adjustment else 0
    return _charges_outside_lines(order) + rounding


def returned(order: codec.Order, path: str) -> int | None:
    """Return the minor units given back by an order's returns, checked against its own sum; None when a part is not there."""
    returns = order.returns or []
    lines = [line for each in returns for line in each.return_line_items or []]
    if any(line.total_money is None for line in lines):
        return minor(order.return_amounts.total_money) if order.return_amounts else None
    made = sum(minor(line.total_money) for line in lines) + sum(returned_beside_lines(each) for each in returns)
    if order.return_amounts is not None and order.return_amounts.total_money is not None:
        said = minor(order.return_amounts.total_money)
        if said != made:
            raise _mismatch(
                f"The returns' total is {said}, their parts make {made}", f"{path}.return_amounts.total_money"
            )
    return made


def returned_beside_lines(part: codec.Return) -> int:
    """Return the minor units of a return that are in no line: service charges, tips and cash rounding given back."""
    rounding = minor(part.rounding_adjustment.amount_money) if part.rounding_adjustment else 0
    tips = sum(minor(tip.applied_money) for tip in part.return_tips or [])
    return _charges(part.return_service_charges or []) + tips + rounding


def _charges_outside_lines(order: codec.Order) -> int:
    inside = sum(minor(line.total_service_charge_money) for line in order.line_items or [])
    if order.service_charges is None:
        return minor(order.total_service_charge_money) - inside
    unmarked = not any(charge.treatment_type for charge in order.service_charges)
    if unmarked and inside and inside == minor(order.total_service_charge_money):
        return 0
    return _charges(order.service_charges)


def _charges(charges: Iterable[codec.ServiceCharge]) -> int:
    return sum(
        minor(charge.total_money or charge.applied_money) for charge in charges if charge.treatment_type != _APPORTIONED
    )


def _mismatch(said: str, path: str) -> Permanent:
    return Permanent(Reason.TOTALS_MISMATCH, f"{said} minor units; send the order as Square sent it.", path=path)
