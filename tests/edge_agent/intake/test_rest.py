"""The doors as a till meets them: every answer of the REST API, over a real socket."""

from __future__ import annotations

from pathlib import Path

from edge_agent.intake.settings import RestSettings
from tests.edge_agent.intake.shop import KEY, RETIRED_KEY, STORE, Shop, opened, sale


async def test_a_sale_is_accepted_with_a_receipt_that_can_be_asked_for(shop: Shop):
    answer = await shop.post("/v1/sales", sale())
    assert answer.status_code == 201
    receipt = answer.json()
    assert receipt["status"] == "accepted"
    assert receipt["first"] is True
    assert receipt["receipt_id"].startswith("rcp_")
    assert answer.headers["location"] == f"/v1/sales/{receipt['receipt_id']}"
    state = (await shop.get(answer.headers["location"])).json()
    assert state["settled"] is False
    assert state["till"] == "till-1"
    assert state["verdict"] is None
    assert [kind for kind, _, _ in await shop.entries()] == ["till_document"]


async def test_a_repeat_gets_the_first_receipt_with_200(shop: Shop):
    first = (await shop.post("/v1/sales", sale())).json()
    again = await shop.post("/v1/sales", sale())
    assert again.status_code == 200
    assert again.json() == {**first, "first": False}
    assert len(await shop.entries()) == 1


async def test_an_idempotency_key_gives_the_first_answer_and_refuses_another_request(shop: Shop):
    first = await shop.post("/v1/sales", sale(), idempotency_key="k-1")
    again = await shop.post("/v1/sales", sale(), idempotency_key="k-1")
    other = await shop.post("/v1/sales", sale("1002"), idempotency_key="k-1")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json()["receipt_id"] == first.json()["receipt_id"]
    assert other.json()["reason"] == "IDEMPOTENCY_KEY_REUSED"


async def test_the_same_number_with_other_contents_is_a_conflict_and_kept_for_a_person(shop: Shop):
    await shop.post("/v1/sales", sale())
    other = await shop.post(
        "/v1/sales",
        sale(
            sold_at="2026-01-05T11:00:00+00:00",
            attributes={"a": "b"},
            total="22.00",
            tenders=[{"kind": "cash", "amount": "22.00"}],
        ),
    )
    assert other.status_code == 409
    assert other.json()["reason"] == "CONFLICTING_DUPLICATE"
    assert [(kind, reason) for kind, reason, _ in await shop.entries()] == [
        ("till_document", ""),
        ("rejected", "CONFLICTING_DUPLICATE"),
    ]


async def test_what_the_store_sold_lowers_its_stock_at_once_and_a_void_puts_it_back(shop: Shop):
    await shop.post("/v1/sales", sale())
    levels = {
        level["sku"]: level for level in (await shop.get("/v1/stock", sku=["MUG", "PEN", "TEA"])).json()["levels"]
    }
    assert {sku: level["on_hand"] for sku, level in levels.items()} == {"MUG": "8", "PEN": "19", "TEA": "27"}
    void = {
        "type": "void", "receipt_number": "1002", "business_day": "2026-01-05", "sold_at": "2026-01-05T10:05:00+00:00",
        "original_receipt": "1001",
    }  # fmt: skip
    answer = await shop.post("/v1/voids", void)
    assert answer.status_code == 201, answer.text
    levels = {
        level["sku"]: level for level in (await shop.get("/v1/stock", sku=["MUG", "PEN", "TEA"])).json()["levels"]
    }
    assert {sku: level["on_hand"] for sku, level in levels.items()} == {"MUG": "10", "PEN": "20", "TEA": "30"}


async def test_goods_to_be_sent_leave_the_stores_stock_alone(shop: Shop):
    line = {"item": "MUG", "quantity": "2", "unit_price": "8.50", "total": "17.00", "fulfilment": "ship"}
    address = {"name": "Ada", "lines": ["1 Row"], "city": "Leeds", "postal_code": "LS1 1AA", "country_code": "GB"}
    message = sale(lines=[line], total="17.00", tenders=[], ship_to=address)
    assert (await shop.post("/v1/sales", message)).status_code == 201
    assert (await shop.get("/v1/stock/MUG")).json()["on_hand"] == "10"


async def test_returns_come_through_their_own_door(shop: Shop):
    back = sale("2001", type="return", original_receipt="1001", tenders=[])
    wrong = await shop.post("/v1/sales", back)
    assert wrong.status_code == 400
    assert (wrong.json()["reason"], wrong.json()["path"]) == ("FIELD_INVALID", "$.type")
    right = await shop.post("/v1/returns", back)
    assert right.status_code == 201, right.text
    assert (await shop.get("/v1/stock/MUG")).json()["on_hand"] == "12"


async def test_stock_answers_tell_their_age_and_name_what_they_do_not_know(shop: Shop):
    by_gtin = (await shop.get("/v1/stock/4006381333931")).json()
    assert (by_gtin["sku"], by_gtin["asked"], by_gtin["on_hand"], by_gtin["available"]) == (
        "PEN",
        "4006381333931",
        "20",
        "16",
    )
    assert 0 <= by_gtin["age_seconds"] < 60
    listed = (await shop.get("/v1/stock", sku=["tea-alias", "NOPE"])).json()
    assert [level["sku"] for level in listed["levels"]] == ["TEA"]
    assert listed["unknown"] == ["NOPE"]
    unknown = await shop.get("/v1/stock/NOPE")
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "SKU_UNKNOWN")
    never_told = (await shop.get("/v1/stock/OAK")).json()
    assert never_told["on_hand"] == "0"
    assert (await shop.get("/v1/stock")).json()["reason"] == "FIELD_MISSING"


async def test_an_order_is_told_as_the_core_last_said(shop: Shop):
    assert (await shop.get("/v1/orders/ord_1")).json()["status"] == "DISPATCHED"
    unknown = await shop.get("/v1/orders/ord_2")
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "ORDER_UNKNOWN")


async def test_who_is_not_known_is_told_the_next_step(shop: Shop):
    nobody = await shop.post("/v1/sales", sale(), authorization="")
    stranger = await shop.post("/v1/sales", sale(), authorization="Bearer tst_wrong")
    retired = await shop.post("/v1/sales", sale(), authorization=f"Bearer {RETIRED_KEY}")
    by_header = await shop.post("/v1/sales", sale(), authorization="", x_api_key=KEY)
    assert (nobody.status_code, nobody.json()["reason"]) == (401, "CREDENTIAL_MISSING")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert (stranger.status_code, stranger.json()["reason"]) == (401, "CREDENTIAL_INVALID")
    assert (retired.status_code, retired.json()["reason"]) == (403, "TILL_RETIRED")
    assert by_header.status_code == 201
    assert len(await shop.entries()) == 1


async def test_this_machine_needs_no_key_only_when_the_setting_says_so(shop: Shop, tmp_path: Path):
    refused = await shop.post("/v1/sales", sale(), authorization="", x_till="till-1")
    assert refused.json()["reason"] == "CREDENTIAL_MISSING"
    settings = RestSettings(port=0, allow_loopback_without_key=True)
    async with opened(tmp_path / "open", settings=settings) as other:
        named = await other.post("/v1/sales", sale(), authorization="", x_till="till-1")
        wrong = await other.post("/v1/sales", sale(), authorization="", x_till="till-9")
        nameless = await other.post("/v1/sales", sale(), authorization="")
        assert named.status_code == 201
        assert (wrong.status_code, wrong.json()["reason"]) == (401, "TILL_UNKNOWN")
        assert nameless.json()["reason"] == "CREDENTIAL_MISSING"


async def test_before_the_core_was_ever_heard_a_till_is_asked_to_come_again(tmp_path: Path):
    async with opened(tmp_path, heard=False) as shop:
        answer = await shop.post("/v1/sales", sale())
        assert (answer.status_code, answer.json()["reason"]) == (503, "NOT_READY")
        assert int(answer.headers["retry-after"]) > 0
        assert (await shop.client.get("/readyz")).status_code == 503
        await shop.hear()
        assert (await shop.post("/v1/sales", sale())).status_code == 201
        ready = await shop.client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["parts"]["core"] == "not connected"


async def test_every_answer_carries_the_correlation_id(shop: Shop):
    given = await shop.post("/v1/sales", sale(), x_correlation_id="pos-42")
    made = await shop.client.get("/nowhere")
    card = await shop.post("/v1/sales", sale(), x_correlation_id="4111111111111111")
    assert given.headers["x-correlation-id"] == "pos-42"
    assert made.json()["correlation_id"] == made.headers["x-correlation-id"] != ""
    assert "4111111111111111" not in card.headers["x-correlation-id"]


async def test_unknown_addresses_and_methods_are_problems_too(shop: Shop):
    nowhere = await shop.client.get("/v2/sales")
    wrong = await shop.client.get("/v1/sales")
    assert (nowhere.status_code, nowhere.json()["reason"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.json()["reason"]) == (405, "METHOD_NOT_ALLOWED")
    assert nowhere.headers["content-type"] == "application/problem+json"


async def test_the_traceparent_travels_with_the_entry(shop: Shop):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await shop.post("/v1/sales", sale(), traceparent=trace)
    await shop.post("/v1/sales", sale("1002"), traceparent="nonsense")
    run = await shop.journal.read(0, 10, 2**20)
    assert [entry.traceparent for entry in run.entries] == [trace, ""]


async def test_operators_of_this_machine_see_health_status_and_metrics(shop: Shop):
    await shop.post("/v1/sales", sale())
    assert (await shop.client.get("/healthz")).json() == {"status": "ok"}
    assert (await shop.client.get("/v1/status")).json() == {"status": "fine"}
    text = (await shop.client.get("/metrics")).text
    assert 'tillstream_edge_requests_total{door="sales",status="201"} 1.0' in text
    assert 'tillstream_edge_messages_total{dialect="plain",outcome="accepted",transport="rest"} 1.0' in text
    assert "process_resident_memory_bytes" in text


async def test_the_receipt_depends_on_the_till_and_its_message_only(shop: Shop, tmp_path: Path):
    """A repeat after a lost disk gets the same receipt from the new box."""
    first = (await shop.post("/v1/sales", sale())).json()["receipt_id"]
    async with opened(tmp_path / "new-box") as other:
        assert (await other.post("/v1/sales", sale())).json()["receipt_id"] == first
    assert STORE
