"""What stories share: tills that sell, waiting for the core to settle, and the comparison of what was told with what was booked."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from demo.catalogue import TENANT, WAREHOUSE
from demo.chain import Chain
from demo.tills import Till, Told
from tests.eventually import eventually

OPENING_STORE = Decimal(500)
OPENING_WAREHOUSE = Decimal(5000)


def till(chain: Chain, client: httpx2.AsyncClient, told: Told, name: str = "till-1") -> Till:
    """Return a till of the chain's store."""
    return Till(name=name, key=chain.till_keys[name], url=chain.till_url, told=told, client=client)


async def receipt_state(chain: Chain, client: httpx2.AsyncClient, receipt: str) -> dict[str, Any]:
    """Return what the agent says of a receipt."""
    headers = {"Authorization": f"Bearer {chain.till_keys['till-1']}"}
    answer = await client.get(f"{chain.till_url}/v1/sales/{receipt}", headers=headers)
    answer.raise_for_status()
    state: dict[str, Any] = answer.json()
    return state


async def all_settled(chain: Chain, client: httpx2.AsyncClient, told: Told, seconds: float = 60) -> None:
    """Wait until the core has settled every receipt."""
    async with asyncio.timeout(seconds):
        for receipt in list(told.receipts.values()):
            while not (await receipt_state(chain, client, receipt))["settled"]:
                await asyncio.sleep(0.1)


async def dispatches(chain: Chain, client: httpx2.AsyncClient) -> dict[str, dict[str, Any]]:
    """Return what the warehouse has been asked to ship."""
    found: dict[str, dict[str, Any]] = (await client.get(f"http://127.0.0.1:{chain.ports.warehouse}/dispatches")).json()
    return found


async def levels(chain: Chain, location: str) -> dict[str, dict[str, str]]:
    """Return a location's stock levels by SKU."""
    answer = await chain.core_service("stock", "list", "--tenant", TENANT, "--location", location)
    return {level["sku"]: level for level in answer["levels"]}


async def nothing_lost_or_doubled(chain: Chain, told: Told) -> None:
    """Compare the ledger with what tills were told, unit by unit, and the ledger with itself."""
    booked = {
        sku: OPENING_STORE - Decimal(level["on_hand"]) for sku, level in (await levels(chain, chain.store)).items()
    }
    sold = {sku: Decimal(units) for sku, units in told.carried_out.items()}
    assert {sku: units for sku, units in booked.items() if units} == sold
    report = await chain.core_service("verify-ledger", "--tenant", TENANT)
    assert report["discrepancies"] == []


async def every_shipment_once(chain: Chain, client: httpx2.AsyncClient, told: Told, seconds: float = 60) -> None:
    """Wait until the warehouse has shipped exactly what tills sold to be shipped, and the core's ledger says so."""
    wanted = {sku: Decimal(units) for sku, units in told.shipped.items()}

    async def shipped() -> bool:
        asked: dict[str, Decimal] = {}
        for shipment in (await dispatches(chain, client)).values():
            for line in shipment["body"]["lines"]:
                asked[line["sku"]] = asked.get(line["sku"], Decimal(0)) + Decimal(line["quantity"])
        stock = await levels(chain, WAREHOUSE)
        gone = {sku: OPENING_WAREHOUSE - Decimal(level["on_hand"]) for sku, level in stock.items()}
        gone = {sku: units for sku, units in gone.items() if units}
        more = {sku: units for sku, units in asked.items() if units > wanted.get(sku, 0)}
        if more:
            pytest.fail(f"the warehouse was asked for more than was sold: {more}")
        assert asked == wanted, f"asked of the warehouse {asked}, sold {wanted}"
        assert gone == wanted, f"gone from the ledger {gone}, sold {wanted}"
        return True

    await eventually(shipped, within=seconds, saying="every shipment exactly once")
