"""A fingerprint changes with what a fact says about business, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.canonical import fingerprint
from adapters.canonical.address import Address
from adapters.canonical.money import Money
from adapters.canonical.sale import DocumentKind, Fact, Fulfilment, Sale, SaleLine, Tender

LINE = SaleLine(number=1, item="MUG", quantity=Decimal(2), unit_price=Money(850, "GBP"), total=Money(1700, "GBP"))
ADDRESS = Address(name="Ada", lines=("12 Park Row",), city="Leeds", country_code="GB")
SALE = Sale(
    kind=DocumentKind.SALE,
    reference="2026-01-05/1",
    currency="GBP",
    lines=(LINE,),
    occurred_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
    tenders=(Tender(kind="card", amount=Money(1700, "GBP")),),
    total=Money(1700, "GBP"),
    ship_to=ADDRESS,
)
MATTERS: list[dict[str, Any]] = [
    {"kind": DocumentKind.RETURN},
    {"reference": "2026-01-05/2"},
    {"currency": "EUR"},
    {"occurred_at": datetime(2026, 1, 5, 11, tzinfo=UTC)},
    {"original_reference": "x"},
    {"total": Money(1701, "GBP")},
    {"tax": Money(1, "GBP")},
    {"tax_included": False},
    {"tip": Money(1, "GBP")},
    {"lines": (LINE, LINE)},
    {"lines": (replace(LINE, item="BOWL"),)},
    {"lines": (replace(LINE, quantity=Decimal(1)),)},
    {"lines": (replace(LINE, unit_price=None),)},
    {"lines": (replace(LINE, discount=Money(0, "GBP")),)},
    {"lines": (replace(LINE, total=Money(1, "GBP")),)},
    {"lines": (replace(LINE, fulfilment=Fulfilment.SHIP),)},
    {"tenders": ()},
    {"tenders": (Tender(kind="cash", amount=Money(1700, "GBP")),)},
    {"ship_to": None},
    {"ship_to": replace(ADDRESS, city="York")},
    {"ship_to": replace(ADDRESS, lines=("12", "Park Row"))},
]
DOES_NOT: list[dict[str, Any]] = [
    {"lines": (replace(LINE, description="Mug, blue"),)},
    {"lines": (replace(LINE, quantity=Decimal("2.000")),)},
    {"tenders": (Tender(kind="card", amount=Money(1700, "GBP"), reference="auth 1"),)},
    {"utc_offset_minutes": 60},
    {"business_day": date(2026, 1, 5)},
    {"attributes": {"cashier": "7"}},
]


@pytest.mark.parametrize("change", MATTERS)
def test_what_matters_changes_it(change: dict[str, Any]) -> None:
    assert fingerprint.of_sale(replace(SALE, **change)) != fingerprint.of_sale(SALE)


@pytest.mark.parametrize("change", DOES_NOT)
def test_remarks_and_layout_do_not(change: dict[str, Any]) -> None:
    assert fingerprint.of_sale(replace(SALE, **change)) == fingerprint.of_sale(SALE)


def test_the_state_of_a_payment_matters() -> None:
    fact = Fact(kind="payment", reference="P", about="O", occurred_at=SALE.occurred_at, status="PENDING")
    assert fingerprint.of_fact(fact) != fingerprint.of_fact(replace(fact, status="COMPLETED"))
    assert fingerprint.of_fact(fact) == fingerprint.of_fact(replace(fact, occurred_at=datetime(2027, 1, 1, tzinfo=UTC)))


def test_the_fingerprint_of_today_is_that_of_tomorrow() -> None:
    """Fingerprints are on record: a change of the list needs a new VERSION."""
    assert fingerprint.VERSION == 1
    assert fingerprint.of_sale(SALE).hex() == "103f2e7cddfcfe4622a3315af8f7a6c20c1716afc028735e698c87c35b6b0ce1"
