"""Vendors' doors: Square's own messages with a till's key, and its webhooks with Square's signature instead (faults rows 67 to 69)."""

from __future__ import annotations

import json

from adapters.pos.square.signature import HEADER, sign
from tests.corpus import Corpus
from tests.edge_agent.intake.shop import SQUARE_KEY, WEBHOOK_SECRET, WEBHOOK_URL, Shop, till

ORDER = {
    "order": {
        "id": "ord-sq-1",
        "location_id": "L1",
        "state": "COMPLETED",
        "version": 3,
        "created_at": "2026-01-05T10:00:00Z",
        "updated_at": "2026-01-05T10:00:05Z",
        "closed_at": "2026-01-05T10:00:05Z",
        "line_items": [
            {
                "uid": "l1",
                "name": "Mug",
                "quantity": "2",
                "catalog_object_id": "MUG",
                "base_price_money": {"amount": 850, "currency": "USD"},
                "gross_sales_money": {"amount": 1700, "currency": "USD"},
                "total_tax_money": {"amount": 0, "currency": "USD"},
                "total_discount_money": {"amount": 0, "currency": "USD"},
                "total_money": {"amount": 1700, "currency": "USD"},
            }
        ],
        "total_money": {"amount": 1700, "currency": "USD"},
        "total_tax_money": {"amount": 0, "currency": "USD"},
        "total_discount_money": {"amount": 0, "currency": "USD"},
    }
}


async def webhook(shop: Shop, raw: bytes, signature: str, name: str = "sq-1"):
    headers = {"content-type": "application/json", HEADER: signature}
    return await shop.client.post(f"/v1/webhooks/{name}", content=raw, headers=headers)


async def test_an_order_of_square_books_and_lowers_the_stock(shop: Shop):
    answer = await shop.post("/v1/sales", ORDER, authorization=f"Bearer {SQUARE_KEY}")
    assert answer.status_code == 201, answer.text
    assert (await shop.get("/v1/stock/MUG")).json()["on_hand"] == "8"


async def test_fault_067_a_webhook_is_taken_with_squares_signature_over_the_original_bytes_only(shop: Shop):
    raw = json.dumps(ORDER, indent=2).encode()
    right = sign(raw, WEBHOOK_SECRET, WEBHOOK_URL)
    refused = [
        await webhook(shop, raw, ""),
        await webhook(shop, raw, right[:-4]),
        await webhook(shop, json.dumps(ORDER).encode(), right),
        await webhook(shop, raw, sign(raw, "other", WEBHOOK_URL)),
        await webhook(shop, raw, sign(raw, WEBHOOK_SECRET, "https://elsewhere.example")),
        await webhook(shop, raw, right, name="till-1"),
        await webhook(shop, raw, right, name="nobody"),
    ]
    assert {(answer.status_code, answer.json()["reason"]) for answer in refused} == {(401, "SIGNATURE_INVALID")}
    assert len({answer.json()["detail"] for answer in refused}) == 1
    assert await shop.entries() == []
    accepted = await webhook(shop, raw, right)
    assert accepted.status_code == 201


async def test_fault_068_the_same_webhook_again_and_the_same_order_by_another_door_book_once(shop: Shop):
    raw = json.dumps(ORDER).encode()
    first = await webhook(shop, raw, sign(raw, WEBHOOK_SECRET, WEBHOOK_URL))
    again = await webhook(shop, raw, sign(raw, WEBHOOK_SECRET, WEBHOOK_URL))
    by_key = await shop.post("/v1/sales", raw, authorization=f"Bearer {SQUARE_KEY}")
    assert [answer.status_code for answer in (first, again, by_key)] == [201, 200, 200]
    assert len(await shop.entries()) == 1


async def test_fault_069_two_secrets_are_good_while_one_takes_over_from_the_other(shop: Shop):
    two = till("sq-1", SQUARE_KEY, speaks="square")
    object.__setattr__(two, "webhook_secret", f"new-secret, {WEBHOOK_SECRET}")
    await shop.hear(tills=(two,), revision=2, snapshot_begins=False)
    raw = json.dumps(ORDER).encode()
    assert (await webhook(shop, raw, sign(raw, "new-secret", WEBHOOK_URL))).status_code == 201
    assert (await webhook(shop, raw, sign(raw, WEBHOOK_SECRET, WEBHOOK_URL))).status_code == 200


async def test_every_square_message_of_the_corpus_is_accepted_acknowledged_or_refused_clearly(
    shop: Shop, corpus: Corpus
):
    seen = {}
    for name in corpus.names("pos_square"):
        answer = await shop.post("/v1/sales", corpus.read(name), authorization=f"Bearer {SQUARE_KEY}")
        seen[name] = answer.status_code
        assert answer.status_code in {200, 201, 400, 409}, (name, answer.text)
        assert answer.status_code < 400 or answer.json()["reason"] not in {"INTERNAL", "MALFORMED_JSON"}, answer.text
    assert sum(status < 400 for status in seen.values()) > len(seen) * 0.9, seen
