"""Bad payloads at every door (faults rows 45 to 48): a stable reason and a path, counted, kept as rejected, and nothing else disturbed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.intake.settings import RestSettings
from tests.edge_agent.intake.shop import Shop, opened, sale, till

DOORS = ("/v1/sales", "/v1/returns", "/v1/voids")
MALFORMED = {
    "duplicate": (b'{"receipt_number":"1","lines":[{"quantity":1,"quantity":-99}]}', "DUPLICATE_FIELD"),
    "nan": (b'{"total":NaN}', "NUMBER_OUT_OF_RANGE"),
    "infinite": (b'{"total":1e999}', "NUMBER_OUT_OF_RANGE"),
    "deep": (b"[" * 100_000, "TOO_DEEP"),
    "long number": (b'{"total":' + b"9" * 5000 + b"}", "NUMBER_OUT_OF_RANGE"),
    "surrogate": (rb'{"receipt_number":"\ud800"}', "TEXT_NOT_STORABLE"),
    "nul": (rb'{"receipt_number":"a\u0000b"}', "TEXT_NOT_STORABLE"),
    "beyond 64 bits": (b'{"revision":9223372036854775808}', "NUMBER_OUT_OF_RANGE"),
    "not utf-8": (b'{"a":"\xff\xfe"}', "MALFORMED_JSON"),
    "empty": (b"", "MALFORMED_JSON"),
    "cut": (b'{"receipt_number":"1', "MALFORMED_JSON"),
}
MEANINGLESS: dict[str, tuple[dict[str, Any], str]] = {
    "quantity zero": ({"lines": [{"item": "MUG", "quantity": 0, "total": "0.00"}], "total": "0.00", "tenders": []}, "QUANTITY_INVALID"),
    "quantity huge": ({"lines": [{"item": "MUG", "quantity": "1000000000", "total": "1.00"}], "total": "1.00", "tenders": []}, "QUANTITY_INVALID"),
    "money as a number": ({"total": 22.5}, "AMOUNT_INVALID"),
    "time without zone": ({"sold_at": "2026-01-05T10:00:00"}, "TIME_INVALID"),
    "wrong total": ({"total": "21.00"}, "TOTALS_MISMATCH"),
    "unknown field": ({"totl": "1"}, "FIELD_UNKNOWN"),
    "currency": ({"currency": "XXZ"}, "CURRENCY_INVALID"),
    "long sku": ({"lines": [{"item": "x" * 10_000, "quantity": 1, "total": "22.00"}]}, "FIELD_INVALID"),
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
async def test_fault_045_046_047_what_is_no_json_is_refused_with_a_path(shop: Shop, door: str):
    for name, (raw, reason) in MALFORMED.items():
        answer = await shop.post(door, raw)
        assert (answer.status_code, answer.json()["reason"]) == (400, reason), (name, answer.text)
        assert answer.json()["detail"]
    assert shop.counted('tillstream_edge_refusals_total{dialect="plain",reason="MALFORMED_JSON"}') == 3
    assert (await shop.post("/v1/sales", sale())).status_code == 201


@pytest.mark.parametrize("name", sorted(MEANINGLESS))
async def test_fault_048_what_cannot_be_so_is_refused_with_a_stable_reason(shop: Shop, name: str):
    changes, reason = MEANINGLESS[name]
    answer = await shop.post("/v1/sales", sale(**changes))
    problem = answer.json()
    assert (answer.status_code, problem["reason"]) == (400, reason), answer.text
    assert problem["path"].startswith("$")
    kept = await shop.entries()
    assert [(kind, why) for kind, why, _ in kept] == [("rejected", reason)]
    assert json.loads(kept[0][2]) == sale(**changes)


async def test_what_cannot_be_masked_leaves_only_length_reason_and_place(shop: Shop):
    await shop.post("/v1/sales", b'{"card":"4111111111111111",')
    ((kind, reason, raw),) = await shop.entries()
    assert (kind, reason) == ("rejected", "MALFORMED_JSON")
    assert set(json.loads(raw)) == {"length", "reason", "at"}
    assert json.loads(raw)["length"] == 27


async def test_the_same_bad_message_again_is_kept_once(shop: Shop):
    for _ in range(5):
        assert (await shop.post("/v1/sales", sale(total="1.00"))).status_code == 400
    assert len(await shop.entries()) == 1
    assert shop.counted('tillstream_edge_rejections_total{outcome="repeated"}') == 4


async def test_a_till_gone_mad_fills_its_quota_and_no_more(tmp_path: Path):
    bounds = RestSettings(port=0, rejected_messages_per_hour=3)
    async with opened(tmp_path, settings=bounds) as shop:
        for number in range(6):
            answer = await shop.post("/v1/sales", sale(str(number), total="1.00"))
            assert answer.json()["reason"] == "TOTALS_MISMATCH"
        assert len(await shop.entries()) == 3
        assert shop.counted('tillstream_edge_rejections_total{outcome="over_quota"}') == 3
        assert (await shop.post("/v1/sales", sale())).status_code == 201


async def test_a_message_too_large_is_refused_while_it_is_read_and_kept_as_a_note(shop: Shop):
    async def endless():  # noqa: ANN202
        yield b'{"receipt_number":"'
        for _ in range(40):
            yield b"x" * 16_384

    announced = await shop.post("/v1/sales", b"x" * 300_000)
    chunked = await shop.client.post(
        "/v1/sales",
        content=endless(),
        headers={"x-api-key": "tst_till-1-key-0123456789abcdef", "content-type": "application/json"},
    )
    for answer in (announced, chunked):
        assert (answer.status_code, answer.json()["reason"]) == (413, "TOO_LARGE")
    assert [(kind, reason) for kind, reason, _ in await shop.entries()] == [("rejected", "TOO_LARGE")]


async def test_another_media_type_is_refused_and_the_message_kept(shop: Shop):
    answer = await shop.post("/v1/sales", sale(), content_type="text/xml")
    assert (answer.status_code, answer.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    ((kind, reason, raw),) = await shop.entries()
    assert (kind, reason, json.loads(raw)) == ("rejected", "UNSUPPORTED_MEDIA_TYPE", sale())


async def test_a_bad_idempotency_key_is_refused_and_the_message_kept(shop: Shop):
    spaced = await shop.post("/v1/sales", sale(), idempotency_key="a b")
    card = await shop.post("/v1/sales", sale(), idempotency_key="4111111111111111")
    for answer in (spaced, card):
        assert (answer.status_code, answer.json()["path"]) == (400, "Idempotency-Key")
        assert "4111111111111111" not in answer.text
    assert len(await shop.entries()) == 1


async def test_a_message_of_an_unknown_dialect_is_kept_as_a_note(shop: Shop):
    await shop.hear(tills=(till("till-1", "tst_k", speaks="klingon"),), revision=2, snapshot_begins=False)
    answer = await shop.post("/v1/sales", sale(), authorization="Bearer tst_k")
    assert (answer.status_code, answer.json()["reason"]) == (400, "DIALECT_UNKNOWN")
    assert [(kind, reason) for kind, reason, _ in await shop.entries()] == [("rejected", "DIALECT_UNKNOWN")]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(sale())), inner),
).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=400) | ANYTHING)
async def test_fault_046_no_bytes_whatever_make_a_server_error(shop: Shop, raw: bytes):
    answer = await shop.post("/v1/sales", raw)
    assert answer.status_code == 400, answer.text
    assert answer.json()["reason"] != "INTERNAL"
