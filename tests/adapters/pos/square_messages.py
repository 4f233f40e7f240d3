"""Square messages for tests, in the shapes of its API: small parts in, whole documents out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

CURRENCY = "GBP"


def money(amount: int, currency: str = CURRENCY) -> dict[str, Any]:
    """Return an amount as Square writes it."""
    return {"amount": amount, "currency": currency}


def line(uid: str = "l1", quantity: str = "2", price: int = 850, **changes: Any) -> dict[str, Any]:
    """Return a line of an order, without tax."""
    gross = int(Decimal(quantity) * price)
    return {
        "uid": uid,
        "catalog_object_id": f"CATALOG{uid}",
        "name": "Mug",
        "variation_name": "Blue",
        "item_type": "ITEM",
        "quantity": quantity,
        "base_price_money": money(price),
        "gross_sales_money": money(gross),
        "total_tax_money": money(0),
        "total_discount_money": money(0),
        "total_money": money(gross),
        **changes,
    }


def order(*lines: dict[str, Any], total: int = 1700, **changes: Any) -> dict[str, Any]:
    """Return a completed order; null fields are as Square's SDKs write them."""
    return {
        "id": "ORDER1",
        "location_id": "LOC1",
        "state": "COMPLETED",
        "version": 4,
        "created_at": "2026-01-05T10:00:00.123Z",
        "updated_at": "2026-01-05T10:01:00.5Z",
        "closed_at": "2026-01-05T10:01:00Z",
        "line_items": list(lines) or [line()],
        "returns": None,
        "rounding_adjustment": None,
        "total_money": money(total),
        "total_tip_money": money(0),
        "total_tax_money": money(0),
        "total_discount_money": money(0),
        "tenders": [{"id": "T1", "type": "CARD", "amount_money": money(total), "payment_id": "PAY1"}],
        **changes,
    }


def returned(source: str | None = "ORDER1", quantity: str = "1", amount: int = 850, **changes: Any) -> dict[str, Any]:
    """Return the `returns` entry of one line that comes back."""
    back = {
        "uid": "r1",
        "source_line_item_uid": "l1",
        "catalog_object_id": "CATALOGl1",
        "quantity": quantity,
        "base_price_money": money(amount),
        "total_money": money(amount),
    }
    return {"source_order_id": source, "return_line_items": [back], **changes}


def return_order(*parts: dict[str, Any], total: int = 850, **changes: Any) -> dict[str, Any]:
    """Return an order that only takes goods back."""
    return order(
        total=0,
        id="RETURN1",
        line_items=[],
        tenders=None,
        returns=list(parts) or [returned()],
        return_amounts={"total_money": money(total)},
        net_amounts={"total_money": money(-total)},
        **changes,
    )


def answer(**parts: Any) -> bytes:
    """Return an answer of Square's that carries these parts."""
    return json.dumps(parts).encode()


def webhook(kind: str, **inside: Any) -> bytes:
    """Return a webhook with this object."""
    return json.dumps(
        {
            "merchant_id": "M1",
            "type": kind,
            "event_id": "8a1d4f0e-0000-4000-8000-000000000001",
            "created_at": "2026-01-05T10:01:05.455006797Z",
            "data": {"type": kind.partition(".")[0], "id": "X1", "object": inside},
        }
    ).encode()


def payment(**changes: Any) -> dict[str, Any]:
    """Return a payment with a tip."""
    return {
        "id": "PAY1",
        "order_id": "ORDER1",
        "status": "COMPLETED",
        "source_type": "CARD",
        "amount_money": money(1700),
        "tip_money": money(200),
        "total_money": money(1900),
        "created_at": "2026-01-05T10:00:58.000Z",
        "updated_at": "2026-01-05T10:01:00.250Z",
        **changes,
    }


def refund(**changes: Any) -> dict[str, Any]:
    """Return a refund of a payment."""
    return {
        "id": "PAY1_REF1",
        "payment_id": "PAY1",
        "order_id": "RETURN1",
        "status": "PENDING",
        "amount_money": money(850),
        "created_at": "2026-01-06T10:00:00Z",
        "updated_at": "2026-01-06T10:00:01Z",
        **changes,
    }
