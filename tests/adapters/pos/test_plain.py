"""The plain dialect keeps the contract, and refuses what its page says it refuses, with the reason and path it says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapters.pos.plain
from adapters.canonical.money import Money
from adapters.canonical.sale import Fulfilment, Sale
from adapters.errors import Permanent
from adapters.pos.contract import PosDialect
from adapters.pos.plain.dialect import DIALECT
from adapters.reasons import Reason
from tests.contracts.pos_dialect import CARD, CONTEXT, PosDialectContract

SALE: dict[str, Any] = {
    "receipt_number": "1001",
    "sold_at": "2026-01-05T10:00:00+01:00",
    "lines": [{"item": "MUG-BLUE", "quantity": 2, "unit_price": "8.50", "total": "17.00"}],
    "total": "17.00",
}
SHIP_TO = {"name": "Ada", "lines": ["12 Park Row"], "city": "Leeds", "country_code": "GB"}


def message(**changes: Any) -> bytes:
    """Return the sale above with fields replaced; None takes a field out."""
    body = {**SALE, **changes}
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def line(**changes: Any) -> list[dict[str, Any]]:
    """Return the sale's one line with fields replaced."""
    body = {**SALE["lines"][0], **changes}
    return [{name: value for name, value in body.items() if value is not None}]


def examples() -> dict[str, bytes]:
    """Return the messages of the dialect's page."""
    page = (Path(adapters.pos.plain.__path__[0]) / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n|^    *\n)+", page, re.MULTILINE)
    found = [part for block in blocks for part in re.split(r"\n\s*\n", block) if part.strip().startswith("{")]
    return {f"page {number}": part.encode() for number, part in enumerate(found, 1)}


def read(raw: bytes) -> Sale:
    """Return the document of a message."""
    document = DIALECT.read(raw, CONTEXT).document
    assert isinstance(document, Sale)
    return document


class TestContract(PosDialectContract):
    """The suite of all dialects."""

    @pytest.fixture(scope="class")
    @classmethod
    def dialect(cls) -> PosDialect:
        return DIALECT

    @pytest.fixture(scope="class")
    @classmethod
    def good(cls) -> Mapping[str, bytes]:
        assert len(examples()) == 4
        return {**examples(), "smallest": message(), "amended": message(revision=2)}

    @pytest.fixture(scope="class")
    @classmethod
    def with_card(cls) -> Mapping[str, bytes]:
        return {
            "description": message(lines=line(description=f"paid with {CARD}")),
            "tender": message(tenders=[{"kind": "card", "amount": "17.00", "reference": CARD}]),
            "attribute": message(attributes={"pan": CARD}),
            "cashier": message(cashier=CARD),
            "unknown number": message(card=int(CARD)),
        }


REFUSED: list[tuple[str, bytes, Reason, str]] = [
    ("no receipt number", message(receipt_number=None), Reason.FIELD_MISSING, "$.receipt_number"),
    (
        "receipt number with a direction mark",
        message(receipt_number="1\u202e2"),
        Reason.FIELD_INVALID,
        "$.receipt_number",
    ),
    ("receipt number too long", message(receipt_number="1" * 65), Reason.FIELD_INVALID, "$.receipt_number"),
    ("item of 10,000 characters", message(lines=line(item="x" * 10_000)), Reason.FIELD_INVALID, "$.lines[0].item"),
    ("item with a direction mark", message(lines=line(item="\u202eMUG")), Reason.FIELD_INVALID, "$.lines[0].item"),
    ("a misspelt field", message(lines=line(quantty=1)), Reason.FIELD_UNKNOWN, "$.lines[0].quantty"),
    ("no lines", message(lines=[]), Reason.FIELD_MISSING, "$.lines"),
    ("no total", message(total=None), Reason.FIELD_MISSING, "$.total"),
    (
        "a line without amounts",
        message(lines=line(unit_price=None, total=None)),
        Reason.FIELD_MISSING,
        "$.lines[0].total",
    ),
    ("a float as amount", message(total=17.0), Reason.AMOUNT_INVALID, "$.total"),
    ("an amount with a comma", message(total="17,00"), Reason.AMOUNT_INVALID, "$.total"),
    ("too many decimals", message(total="17.001"), Reason.AMOUNT_INVALID, "$.total"),
    ("an amount beyond money", message(total="9999999999999999"), Reason.AMOUNT_INVALID, "$.total"),
    ("an exponent as amount", message(total="1e3"), Reason.AMOUNT_INVALID, "$.total"),
    ("quantity zero", message(lines=line(quantity=0)), Reason.QUANTITY_INVALID, "$.lines[0].quantity"),
    ("quantity 1e9", message(lines=line(quantity=10**9)), Reason.QUANTITY_INVALID, "$.lines[0].quantity"),
    ("quantity true", message(lines=line(quantity=True)), Reason.QUANTITY_INVALID, "$.lines[0].quantity"),
    ("quantity as words", message(lines=line(quantity="two")), Reason.QUANTITY_INVALID, "$.lines[0].quantity"),
    ("quantity with underscore", message(lines=line(quantity="1_0")), Reason.QUANTITY_INVALID, "$.lines[0].quantity"),
    ("seven decimals", message(lines=line(quantity="0.1234567")), Reason.QUANTITY_INVALID, "$.lines[0].quantity"),
    (
        "negative in a return",
        message(type="return", lines=line(quantity=-1, total="-8.50"), total="-8.50"),
        Reason.QUANTITY_INVALID,
        "$.lines[0].quantity",
    ),
    ("no zone", message(sold_at="2026-01-05T10:00:00"), Reason.TIME_INVALID, "$.sold_at"),
    ("no such day", message(sold_at="2026-02-30T10:00:00Z"), Reason.TIME_INVALID, "$.sold_at"),
    ("before the calendar", message(sold_at="0001-01-01T00:30:00+01:00"), Reason.TIME_INVALID, "$.sold_at"),
    ("a number as time", message(sold_at=1767607200), Reason.TIME_INVALID, "$.sold_at"),
    ("no such currency", message(currency="GBX"), Reason.CURRENCY_INVALID, "$.currency"),
    ("currency in small letters", message(currency="gbp"), Reason.CURRENCY_INVALID, "$.currency"),
    ("a line off by a penny", message(lines=line(total="17.01")), Reason.TOTALS_MISMATCH, "$.lines[0].total"),
    ("a total off by a penny", message(total="17.01"), Reason.TOTALS_MISMATCH, "$.total"),
    ("tenders off", message(tenders=[{"kind": "cash", "amount": "20.00"}]), Reason.TOTALS_MISMATCH, "$.tenders"),
    ("shipped to nowhere", message(lines=line(fulfilment="ship")), Reason.ADDRESS_MISSING, "$.ship_to"),
    ("a void of nothing", message(type="void", lines=None, total=None), Reason.FIELD_MISSING, "$.original_receipt"),
    ("an unknown type", message(type="gift"), Reason.FIELD_INVALID, "$.type"),
    ("a list", b"[]", Reason.FIELD_INVALID, "$"),
]


@pytest.mark.parametrize(("raw", "reason", "path"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_fault_048_what_cannot_be_so_is_refused_with_reason_and_path(raw: bytes, reason: Reason, path: str) -> None:
    with pytest.raises(Permanent) as refused:
        DIALECT.read(raw, CONTEXT)
    assert (refused.value.reason, refused.value.path) == (reason, path)


def test_a_misspelt_field_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(Permanent, match="did you mean `quantity`"):
        DIALECT.read(message(lines=line(quantty=1)), CONTEXT)


def test_a_total_that_is_off_says_by_how_much() -> None:
    with pytest.raises(Permanent, match=r"0\.01 GBP too much"):
        DIALECT.read(message(total="17.01"), CONTEXT)


def test_the_business_day_is_the_tills_word() -> None:
    sale = read(message(business_day="2026-01-04"))
    assert (sale.business_day, sale.reference) == (date(2026, 1, 4), "2026-01-04/1001")


def test_without_the_tills_word_the_stores_closing_time_decides() -> None:
    """The store's day ends at 02:00: half past one belongs to the day before."""
    sale = read(message(sold_at="2026-01-05T01:30:00Z"))
    assert sale.reference == "2026-01-04/1001"


def test_a_void_names_its_receipt_by_its_business_day() -> None:
    sale = read(message(type="void", lines=None, total=None, original_receipt="7", original_business_day="2026-01-03"))
    assert sale.original_reference == "2026-01-03/7"
    assert read(message(type="void", lines=None, total=None, original_receipt="7")).original_reference == "2026-01-05/7"


def test_a_return_may_be_blind() -> None:
    assert read(message(type="return")).original_reference is None


def test_an_exchange_is_a_sale_with_a_negative_line() -> None:
    lines = [*line(), {"item": "BOWL", "quantity": -1, "unit_price": "7.00"}]
    sale = read(message(lines=lines, total="10.00"))
    assert [entry.quantity for entry in sale.lines] == [Decimal(2), Decimal(-1)]
    assert sale.lines[1].total == Money(-700, "GBP")


def test_tax_and_tip_enter_the_total() -> None:
    sale = read(message(tax="3.40", tax_included=False, tip="1.60", total="22.00"))
    assert sale.total == Money(2200, "GBP")


def test_half_a_penny_is_rounded_up() -> None:
    sale = read(message(lines=[{"item": "CHEESE", "quantity": 0.5, "unit_price": "0.25"}], total="0.13"))
    assert sale.total == Money(13, "GBP")


def test_currencies_without_and_with_three_decimals() -> None:
    assert read(message(currency="JPY", lines=[{"quantity": 1, "total": "1700"}], total="1700")).total == Money(
        1700, "JPY"
    )
    assert read(message(currency="KWD", lines=[{"quantity": 1, "total": "1.705"}], total="1.705")).total == Money(
        1705, "KWD"
    )


def test_lines_to_ship_keep_their_address() -> None:
    sale = read(message(lines=line(fulfilment="ship"), ship_to=SHIP_TO))
    assert sale.lines[0].fulfilment is Fulfilment.SHIP
    assert sale.ship_to is not None
    assert sale.ship_to.lines == ("12 Park Row",)


def test_formatting_and_remarks_do_not_change_the_fingerprint_but_money_does() -> None:
    first = DIALECT.read(message(), CONTEXT).key
    same = message(lines=line(quantity="2.0", description="remark"), cashier="7", sold_at="2026-01-05T09:00:00Z")
    other = message(lines=line(unit_price="8.60", total="17.20"), total="17.20")
    assert DIALECT.read(same, CONTEXT).key == first
    assert DIALECT.read(other, CONTEXT).key != first


def test_declared_numbers_are_left_alone_though_they_would_pass_for_a_card() -> None:
    raw = message(lines=line(item="4006381333931"), attributes={"serial": "490154203237518", "gtin": CARD})
    assert DIALECT.mask(raw) == raw


@given(
    prices=st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1, max_size=5),
    error=st.integers(-1000, 1000),
)
def test_only_the_right_total_is_taken(prices: list[tuple[int, int]], error: int) -> None:
    lines = [
        {"quantity": f"{Decimal(count) / 1000}", "unit_price": f"{Decimal(price) / 100}"} for count, price in prices
    ]
    right = sum((count * price + 500) // 1000 for count, price in prices)
    raw = message(lines=lines, total=f"{Decimal(right + error) / 100}")
    if error == 0:
        assert read(raw).total == Money(right, "GBP")
    else:
        with pytest.raises(Permanent) as refused:
            read(raw)
        assert refused.value.reason is Reason.TOTALS_MISMATCH
