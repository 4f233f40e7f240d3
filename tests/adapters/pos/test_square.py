"""The Square dialect keeps the contract; each state and message does what its page says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.canonical.money import Money
from adapters.canonical.sale import DocumentKind, Fact, NotASale, Sale
from adapters.errors import Permanent
from adapters.pos.contract import PosDialect
from adapters.pos.square.dialect import DIALECT
from adapters.reasons import Reason
from tests.adapters.pos.square_messages import (
    answer,
    line,
    money,
    order,
    payment,
    refund,
    return_order,
    returned,
    webhook,
)
from tests.contracts.pos_dialect import CARD, CONTEXT, PosDialectContract


def sale(**parts: Any) -> Sale:
    """Return the document of an answer."""
    document = DIALECT.read(answer(**parts), CONTEXT).document
    assert isinstance(document, Sale)
    return document


def fact(raw: bytes) -> Fact:
    """Return the fact of a message."""
    document = DIALECT.read(raw, CONTEXT).document
    assert isinstance(document, Fact)
    return document


def sentence(raw: bytes) -> str:
    """Return what a message that books nothing is answered with."""
    document = DIALECT.read(raw, CONTEXT).document
    assert isinstance(document, NotASale)
    return document.sentence


def refused(raw: bytes) -> tuple[Reason, str]:
    """Return (reason, path) of a refusal."""
    with pytest.raises(Permanent) as error:
        DIALECT.read(raw, CONTEXT)
    return error.value.reason, error.value.path


class TestContract(PosDialectContract):
    """The suite of all dialects."""

    @pytest.fixture(scope="class")
    @classmethod
    def dialect(cls) -> PosDialect:
        return DIALECT

    @pytest.fixture(scope="class")
    @classmethod
    def good(cls) -> Mapping[str, bytes]:
        return {
            "sale": answer(order=order()),
            "return": answer(order=return_order()),
            "exchange": answer(order=order(returns=[returned()])),
            "canceled": answer(order=order(state="CANCELED")),
            "open": answer(order=order(state="OPEN")),
            "payment": answer(payment=payment()),
            "refund": webhook("refund.updated", refund=refund()),
            "notice": webhook("order.updated", order_updated={"order_id": "ORDER1"}),
        }

    @pytest.fixture(scope="class")
    @classmethod
    def with_card(cls) -> Mapping[str, bytes]:
        return {
            "note": answer(payment=payment(note=f"card {CARD}")),
            "number": answer(payment=payment(card_details={"card": {"pan": int(CARD)}})),
            "line note": answer(order=order(line(note=CARD))),
        }


def test_a_completed_order_is_a_sale_of_the_stores_square() -> None:
    reading = DIALECT.read(answer(order=order()), CONTEXT)
    assert reading.key is not None
    assert (*reading.key.name, reading.key.revision) == ("sale", "leeds/square", "ORDER1", 4)
    document = sale(order=order())
    assert document.total == Money(1700, "GBP")
    assert document.occurred_at == datetime(2026, 1, 5, 10, 1, tzinfo=UTC)
    assert document.business_day == date(2026, 1, 5)
    assert [(each.item, each.quantity, each.description) for each in document.lines] == [
        ("CATALOGl1", Decimal(2), "Mug, Blue")
    ]
    assert document.tenders[0].kind == "card"


def test_the_same_order_by_another_till_is_the_same_document() -> None:
    other = DIALECT.read(answer(order=order()), CONTEXT.__class__(**{**_fields(), "till": "till-2"}))
    assert other.key == DIALECT.read(answer(order=order()), CONTEXT).key


def _fields() -> dict[str, Any]:
    return {name: getattr(CONTEXT, name) for name in CONTEXT.__dataclass_fields__}


def test_a_higher_version_is_a_higher_revision_with_its_own_fingerprint() -> None:
    first = DIALECT.read(answer(order=order()), CONTEXT).key
    later = DIALECT.read(answer(order=order(line(quantity="1"), total=850, version=5)), CONTEXT).key
    assert first is not None
    assert later is not None
    assert later.name == first.name
    assert later.revision > first.revision
    assert later.fingerprint != first.fingerprint


def test_a_canceled_order_voids_itself() -> None:
    document = sale(order=order(state="CANCELED", version=5))
    assert (document.kind, document.original_reference, document.lines) == (DocumentKind.VOID, "ORDER1", ())


@pytest.mark.parametrize("state", ["OPEN", "DRAFT"])
def test_an_order_that_is_not_complete_books_nothing_yet(state: str) -> None:
    assert "books when it is completed" in sentence(answer(order=order(state=state)))


def test_an_unknown_or_missing_state_is_refused_so_that_no_sale_is_lost() -> None:
    assert refused(answer(order=order(state="FINISHED"))) == (Reason.FIELD_INVALID, "$.order.state")
    assert refused(answer(order=order(state=None))) == (Reason.FIELD_MISSING, "$.order.state")


def test_goods_that_come_back_are_a_return_about_their_order() -> None:
    document = sale(order=return_order())
    assert (document.kind, document.original_reference) == (DocumentKind.RETURN, "ORDER1")
    assert document.total == Money(850, "GBP")
    assert document.lines[0].quantity == 1


def test_a_blind_return_and_one_of_several_orders_name_no_original() -> None:
    assert sale(order=return_order(returned(None))).original_reference is None
    several = return_order(returned("A"), returned("B"), total=1700)
    assert sale(order=several).original_reference is None


def test_an_exchange_has_negative_lines_and_the_difference_as_total() -> None:
    document = sale(order=order(returns=[returned()], return_amounts={"total_money": money(850)}))
    assert document.kind is DocumentKind.SALE
    assert [each.quantity for each in document.lines] == [Decimal(2), Decimal(-1)]
    assert document.total == Money(850, "GBP")


def test_tip_service_charge_and_cash_rounding_are_part_of_the_total() -> None:
    document = sale(
        order=order(
            total=2052,
            total_tip_money=money(200),
            total_service_charge_money=money(150),
            service_charges=[{"applied_money": money(150), "total_money": money(150)}],
            rounding_adjustment={"amount_money": money(2)},
        )
    )
    assert document.tip == Money(200, "GBP")
    assert document.total == Money(2052, "GBP")
    assert [(each.item, each.total) for each in document.lines][1:] == [("", Money(152, "GBP"))]


def test_a_service_charge_inside_the_lines_is_not_counted_twice() -> None:
    inside = line(total_service_charge_money=money(100), total_money=money(1800))
    charge = {"treatment_type": "APPORTIONED_TREATMENT", "applied_money": money(100), "total_money": money(100)}
    document = sale(order=order(inside, total=1800, total_service_charge_money=money(100), service_charges=[charge]))
    assert document.total == Money(1800, "GBP")


@pytest.mark.parametrize("line_total", [1700, 1870])
def test_tax_may_be_included_or_added(line_total: int) -> None:
    taxed = line(total_tax_money=money(170), total_money=money(line_total))
    assert sale(order=order(taxed, total=line_total)).total == Money(line_total, "GBP")


def test_lines_without_goods_move_no_stock() -> None:
    typed = line("l2", "1", 500, catalog_object_id=None)
    custom = line("l3", "1", 300, item_type="CUSTOM_AMOUNT")
    card = line("l4", "1", 200, item_type="GIFT_CARD")
    assert [each.item for each in sale(order=order(typed, custom, card, total=1000)).lines] == ["", "", ""]


def test_an_order_without_optional_parts_still_books() -> None:
    bare = {"id": "O2", "state": "COMPLETED", "created_at": "2026-01-05T10:00:00Z", "line_items": [{"quantity": "1"}]}
    document = sale(order=bare)
    assert document.total is None
    assert document.currency == "GBP"


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"total_money": money(1701)}, Reason.TOTALS_MISMATCH, "$.order.total_money"),
        ({"line_items": [line(total_money=money(1600))]}, Reason.TOTALS_MISMATCH, "$.order.line_items[0].total_money"),
        (
            {"line_items": [line(gross_sales_money=money(1))]},
            Reason.TOTALS_MISMATCH,
            "$.order.line_items[0].gross_sales_money",
        ),
        ({"tenders": [{"amount_money": money(1)}]}, Reason.TOTALS_MISMATCH, "$.order.tenders"),
        ({"line_items": [line(quantity="0")]}, Reason.QUANTITY_INVALID, "$.order.line_items[0].quantity"),
        ({"line_items": [line(quantity="-1")]}, Reason.QUANTITY_INVALID, "$.order.line_items[0].quantity"),
        ({"line_items": [{"quantity": None}]}, Reason.QUANTITY_INVALID, "$.order.line_items[0].quantity"),
        ({"total_money": {"amount": 17.5, "currency": "GBP"}}, Reason.AMOUNT_INVALID, "$.order.total_money.amount"),
        ({"total_money": money(1700, "GBX")}, Reason.CURRENCY_INVALID, "$.order.total_money.currency"),
        ({"total_tip_money": money(0, "USD")}, Reason.CURRENCY_INVALID, "$.order.total_tip_money.currency"),
        ({"closed_at": "yesterday"}, Reason.TIME_INVALID, "$.order.closed_at"),
        ({"closed_at": None, "updated_at": None, "created_at": None}, Reason.FIELD_MISSING, "$.order.closed_at"),
        ({"version": "4"}, Reason.FIELD_INVALID, "$.order.version"),
    ],
)
def test_what_does_not_add_up_is_refused(changes: dict[str, Any], reason: Reason, path: str) -> None:
    assert refused(answer(order=order(**changes))) == (reason, path)


def test_returns_that_do_not_add_up_are_refused() -> None:
    assert refused(answer(order=return_order(total=851)))[0] is Reason.TOTALS_MISMATCH


def test_a_payment_is_a_fact_about_its_order_with_its_tip() -> None:
    document = fact(answer(payment=payment()))
    assert (document.kind, document.reference, document.about) == ("payment", "PAY1", "ORDER1")
    assert (document.amount, document.status) == (Money(1900, "GBP"), "COMPLETED")


def test_answer_and_webhook_of_a_payment_are_the_same_fact() -> None:
    assert (
        DIALECT.read(answer(payment=payment()), CONTEXT).key
        == DIALECT.read(webhook("payment.updated", payment=payment()), CONTEXT).key
    )


def test_a_refund_is_a_fact_and_its_later_state_a_higher_revision() -> None:
    first = DIALECT.read(answer(refund=refund()), CONTEXT).key
    later = DIALECT.read(
        webhook("refund.updated", refund=refund(status="COMPLETED", updated_at="2026-01-06T10:05:00Z")), CONTEXT
    ).key
    assert first is not None
    assert later is not None
    assert (later.name, later.revision > first.revision) == (first.name, True)


def test_a_terminals_refund_is_no_refund_yet() -> None:
    assert "terminal" in sentence(answer(refund=refund(deadline_duration="PT5M"))).lower()
    assert "terminal" in sentence(webhook("terminal.refund.created", refund=refund())).lower()


def test_requests_book_nothing_even_when_they_carry_a_completed_order() -> None:
    assert "request" in sentence(answer(idempotency_key="k", order=order())).lower()
    assert "request" in sentence(answer(order=order(id=None))).lower()


def test_a_list_is_taken_when_one_document_of_it_books_and_refused_when_more_do() -> None:
    opened = order(id="O9", state="OPEN")
    assert sale(orders=[opened, order()]).reference == "ORDER1"
    assert sentence(answer(orders=[opened, opened]))
    assert refused(answer(orders=[order(), order(id="O2")])) == (Reason.FIELD_INVALID, "$")
    assert refused(answer(payments=[payment(), payment(id="P2")])) == (Reason.FIELD_INVALID, "$")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"errors":[{"category":"INVALID_REQUEST_ERROR","code":"NOT_FOUND","detail":"x"}]}',
        b'{"cursor":"123"}',
        b'{"orders":[]}',
        b'{"team_member":{"id":"x"}}',
        webhook("order.created", order_created={"order_id": "ORDER1", "state": "COMPLETED"}),
        webhook("payment.created"),
        webhook("some.thing.new"),
    ],
)
def test_other_words_of_squares_are_acknowledged_with_a_sentence(raw: bytes) -> None:
    assert sentence(raw).endswith(".")


def test_a_document_that_is_not_squares_is_refused_so_that_no_sale_is_lost() -> None:
    assert refused(json.dumps(order()).encode()) == (Reason.FIELD_MISSING, "$.order")
    foreign = json.dumps({"receipt_number": "1", "lines": [], "total": "1.00"}).encode()
    assert refused(foreign) == (Reason.FIELD_MISSING, "$.order")
    assert refused(b"[]") == (Reason.FIELD_INVALID, "$")


def test_an_opened_cash_drawer_is_no_sale() -> None:
    assert "without lines" in sentence(answer(order=order(line_items=None, line=None, total=0, tenders=None)))
