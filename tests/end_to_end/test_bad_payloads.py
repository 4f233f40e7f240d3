"""Bad payloads at the running processes (faults rows 45 to 48): stable reasons at both doors, while a good till goes on undisturbed."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx2

from adapters.wms.signature import sign
from demo.catalogue import TENANT, WAREHOUSE
from demo.chain import Chain
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, every_shipment_once, nothing_lost_or_doubled, till
from tests.eventually import eventually

GOOD: dict[str, Any] = {
    "receipt_number": "bad-1",
    "sold_at": "2026-01-05T10:00:00Z",
    "lines": [{"item": "MUG-BLUE", "quantity": "1", "total": "8.50"}],
    "total": "8.50",
}
BROKEN = {
    "045 a name twice": (b'{"quantity":1,"quantity":-99}', "DUPLICATE_FIELD"),
    "045 NaN": (b'{"total":NaN}', "NUMBER_OUT_OF_RANGE"),
    "045 1e999": (b'{"total":1e999}', "NUMBER_OUT_OF_RANGE"),
    "046 a deep array": (b"[" * 100_000, "TOO_DEEP"),
    "046 5,000 digits": (b'{"total":' + b"9" * 5000 + b"}", "NUMBER_OUT_OF_RANGE"),
    "046 a lone surrogate": (rb'{"type":"\ud800"}', "TEXT_NOT_STORABLE"),
    "047 a NUL": (rb'{"type":"a\u0000b"}', "TEXT_NOT_STORABLE"),
    "047 beyond 64 bits": (b'{"revision":9223372036854775808}', "NUMBER_OUT_OF_RANGE"),
}
SENSELESS: dict[str, tuple[dict[str, Any], str]] = {
    "048 no quantity": ({"lines": [{"item": "MUG-BLUE", "quantity": 0, "total": "0.00"}]}, "QUANTITY_INVALID"),
    "048 1e9 of it": ({"lines": [{"item": "MUG-BLUE", "quantity": "1000000000", "total": "1"}]}, "QUANTITY_INVALID"),
    "048 money as a float": ({"total": 8.5}, "AMOUNT_INVALID"),
    "048 a time without a zone": ({"sold_at": "2026-01-05T10:00:00"}, "TIME_INVALID"),
    "048 a SKU of 10,000 characters": ({"lines": [{"item": "x" * 10_000, "quantity": 1, "total": "8.50"}]}, "FIELD_INVALID"),
}  # fmt: skip


async def test_fault_045_046_047_048_bad_messages_of_one_till_do_not_disturb_another(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """One till sends every bad message between the sales of another; each gets 400 and its reason, and becomes an exception."""
    told, bad = Told(), Told()
    good = till(chain, client, told)
    mad = till(chain, client, bad, "till-2")
    sales = plain_sales(seed=71, ship_one_in=5)
    payloads = {**BROKEN, **{name: (json.dumps({**GOOD, **change}).encode(), why) for name, (change, why) in SENSELESS.items()}}  # fmt: skip
    for name, (raw, reason) in payloads.items():
        answer, sold = await asyncio.gather(mad.send(raw), good.sell(next(sales)))
        assert answer is not None, name
        problem = answer.json()
        assert (answer.status_code, problem["reason"]) == (400, reason), (name, problem)
        assert problem["path"].startswith("$"), name
        assert sold.status_code == httpx2.codes.CREATED, name
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    await nothing_lost_or_doubled(chain, told)
    parked = await _parked(chain, len(payloads))
    assert {(one["reason"], one["reference"]) for one in parked} == {("REJECTED_AT_DOOR", "")}
    said = sorted(one["sentence"].partition(":")[0] for one in parked)
    assert said == sorted(f"The till's door refused it with {reason}" for _, reason in payloads.values())


async def test_fault_045_046_047_bad_events_of_a_warehouse_are_kept_and_parked_and_its_good_ones_go_on(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """Rightly signed events that are nonsense are acknowledged, since repeating them helps nobody, and each is parked with its reason."""
    told = Told()
    good = till(chain, client, told)
    sales = plain_sales(seed=72, ship_one_in=1)
    for number, (name, (raw, _)) in enumerate(BROKEN.items()):
        answer = await _event(chain, client, f"evt_bad_{number}", raw)
        assert answer.is_success, (name, answer.text)
        assert (await good.sell(next(sales))).status_code == httpx2.codes.CREATED
    unsigned = await client.post(_door(chain), content=BROKEN["046 a deep array"][0])
    assert (unsigned.status_code, unsigned.json()["reason"]) == (401, "SIGNATURE_INVALID")
    await every_shipment_once(chain, client, told)
    await nothing_lost_or_doubled(chain, told)
    parked = await _parked(chain, len(BROKEN))
    assert sorted(one["reason"] for one in parked) == sorted(reason for _, reason in BROKEN.values())


def _door(chain: Chain) -> str:
    return f"{chain.core_url}/v1/webhooks/wms/{TENANT}/{WAREHOUSE}"


async def _event(chain: Chain, client: httpx2.AsyncClient, event_id: str, raw: bytes) -> httpx2.Response:
    stamp = int(time.time())
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(chain.secret, event_id, stamp, raw),
    }
    return await client.post(_door(chain), content=raw, headers=headers)


async def _parked(chain: Chain, count: int) -> list[dict[str, Any]]:
    """Wait for so many exceptions and return them, oldest first."""

    async def there() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await chain.core_service("exceptions", "list", "--tenant", TENANT))["exceptions"]
        assert len(found) == count
        return found

    return await eventually(there, within=30, saying="an exception for each bad message")
