"""Every Square message of the corpus decodes to its expectation, and each is booked, recorded or acknowledged, none refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from adapters.canonical.sale import Fact, NotASale
from adapters.pos.square import codec
from adapters.pos.square.dialect import DIALECT
from tests.contracts.pos_dialect import CONTEXT
from tests.corpus import Corpus, corpus_cases, corpus_files

FAMILY = "pos_square"


def minor(money: codec.Money | None) -> int | None:
    """Return minor units as expectations have them."""
    return None if money is None else money.amount


def order(found: codec.Order) -> dict[str, Any]:
    """Return what an expectation says of an order."""
    lines = found.line_items or []
    return {
        "order_id": found.id,
        "reference_id": found.reference_id,
        "location_id": found.location_id,
        "state": found.state,
        "lines": len(lines),
        "quantities": [line.quantity for line in lines],
        "catalog_ids": [line.catalog_object_id for line in lines],
        "total_minor": minor(found.total_money),
        "tax_minor": minor(found.total_tax_money),
        "discount_minor": minor(found.total_discount_money),
        "currency": found.total_money.currency if found.total_money else None,
        "tenders": len(found.tenders or []),
        "returns": len(found.returns or []),
    }


def payment(found: codec.Payment | codec.Refund) -> dict[str, Any]:
    """Return what an expectation says of a payment or refund."""
    return {
        "payment_id": found.id,
        "amount_minor": minor(found.amount_money),
        "tip_minor": minor(found.tip_money) if isinstance(found, codec.Payment) else None,
        "currency": found.amount_money.currency if found.amount_money else None,
        "status": found.status,
        "source_type": found.source_type if isinstance(found, codec.Payment) else None,
        "order_id": found.order_id,
    }


def webhook(found: codec.Message) -> dict[str, Any]:
    """Return what an expectation says of a webhook."""
    assert found.data is not None
    said: dict[str, Any] = {
        "kind": "webhook",
        "event_type": found.type,
        "event_id": found.event_id,
        "merchant_id": found.merchant_id,
        "created_at": found.created_at,
        "data_type": found.data.type,
        "data_id": found.data.id,
    }
    inside = found.data.object
    if inside is not None and (paid := inside.payment or inside.refund):
        fields = payment(paid)
        said |= {name: fields[name] for name in ("amount_minor", "currency", "status", "order_id")}
    return said


def count(found: codec.InventoryCount) -> dict[str, Any]:
    """Return what an expectation says of a stock count."""
    return {
        "catalog_object_id": found.catalog_object_id,
        "state": found.state,
        "qty": found.quantity,
        "location": found.location_id,
    }


def said_of(found: codec.Message) -> dict[str, Any]:
    """Return everything that an expectation may say of a message."""
    if found.is_webhook:
        return webhook(found)
    return {
        "idempotency_key": found.idempotency_key,
        "cursor": found.cursor,
        "order": order(found.order) if found.order else None,
        "orders": [order(each) for each in found.orders or []],
        "payment": payment(found.payment) if found.payment else None,
        "payments": [payment(each) for each in found.payments or []],
        "refund": payment(found.refund) if found.refund else None,
        "refunds": [payment(each) for each in found.refunds or []],
        "counts": [count(each) for each in found.counts or []],
        "changes": len(found.changes or []),
        "cash_drawer_shift": msgspec.to_builtins(found.cash_drawer_shift),
    }


@pytest.mark.parametrize("name", corpus_cases(FAMILY))
def test_a_message_decodes_to_its_expectation(name: str, corpus: Corpus) -> None:
    message, _ = codec.decode(corpus.read(name))
    said = said_of(message)
    expected = corpus.expectation(name)
    assert {field: said.get(field) for field in expected} == expected


@pytest.mark.parametrize("name", corpus_files(FAMILY))
def test_a_message_is_recorded_or_acknowledged_and_kept_byte_for_byte(name: str, corpus: Corpus) -> None:
    raw = corpus.read(name)
    assert DIALECT.mask(raw) == raw
    document = DIALECT.read(raw, CONTEXT).document
    tells_of_money = any(
        part in name for part in ("PaymentResponse", "PaymentRefundResponse", "PaymentUpdated", "_RefundUpdated")
    )
    assert isinstance(document, Fact if tells_of_money else NotASale)
