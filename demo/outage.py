"""`make demo-outage`: a started chain in, the story of a cut line out: tills go on, nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

from demo.catalogue import TENANT
from demo.chain import Chain
from demo.processes import DemoError
from demo.tills import Till, Told, plain_sales

_BEFORE, _DURING, _AFTER = 20, 40, 20


async def outage(chain: Chain, tell: Callable[[str], None]) -> None:
    """Sell, cut the line, sell, mend the line, and compare what tills were told with what the core has booked."""
    tell("Tillstream: what happens when the line between store and core is cut")
    await chain.start()
    told = Told()
    async with httpx2.AsyncClient(timeout=10) as client:
        till = Till(name="till-1", key=chain.till_keys["till-1"], url=chain.till_url, told=told, client=client)
        sales = plain_sales(seed=7, ship_one_in=10)
        tell(f"\n1. The line is up: {_BEFORE} sales.")
        await _sell(till, sales, _BEFORE)
        await _settled(chain, client, told)
        tell(f"   {len(told.receipts)} receipts, all settled by the core. {await _stock(chain, client)}")

        link = chain.link
        if link is None:
            raise DemoError("The chain has no link to cut.")
        link.cut()
        tell(f"\n2. The line is cut. {_DURING} more sales.")
        await _sell(till, sales, _DURING)
        tell(f"   {len(told.receipts)} receipts: every till was answered. {await _stock(chain, client)}")
        await asyncio.sleep(3)
        tell(f"   Three seconds later the answer is older, and says so. {await _stock(chain, client)}")
        last = next(reversed(told.receipts.values()))
        state = await _receipt(chain, client, last)
        settled = "settled" if state["settled"] else "not yet settled"
        tell(f"   The newest receipt {last}: accepted by the agent, {settled} by the core.")

        link.mend()
        tell(f"\n3. The line is back. {_AFTER} more sales while the backlog drains.")
        await _sell(till, sales, _AFTER)
        await _settled(chain, client, told)
        tell(f"   All {len(told.receipts)} receipts are settled. {await _stock(chain, client)}")
    await _compare(chain, told, tell)


async def _sell(till: Till, sales: Any, count: int) -> None:
    for _ in range(count):
        await till.sell(next(sales))


async def _settled(chain: Chain, client: httpx2.AsyncClient, told: Told) -> None:
    async with asyncio.timeout(60):
        for receipt in told.receipts.values():
            while not (await _receipt(chain, client, receipt))["settled"]:
                await asyncio.sleep(0.1)
        while (await _level(chain, client))["age_seconds"] > 1:
            await asyncio.sleep(0.1)


async def _receipt(chain: Chain, client: httpx2.AsyncClient, receipt: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {chain.till_keys['till-1']}"}
    answer: dict[str, Any] = (await client.get(f"{chain.till_url}/v1/sales/{receipt}", headers=headers)).json()
    return answer


async def _level(chain: Chain, client: httpx2.AsyncClient) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {chain.till_keys['till-1']}"}
    answer: dict[str, Any] = (await client.get(f"{chain.till_url}/v1/stock/MUG-BLUE", headers=headers)).json()
    return answer


async def _stock(chain: Chain, client: httpx2.AsyncClient) -> str:
    answer = await _level(chain, client)
    return f"The store says {answer['on_hand']} x MUG-BLUE on hand, heard {answer['age_seconds']:.1f} s ago."


async def _compare(chain: Chain, told: Told, tell: Callable[[str], None]) -> None:
    ledger = await chain.core_service("verify-ledger", "--tenant", TENANT)
    levels = await chain.core_service("stock", "list", "--tenant", TENANT, "--location", chain.store)
    booked = {level["sku"]: 500 - int(level["on_hand"]) for level in levels["levels"]}
    wrong = {sku: (units, booked.get(sku, 0)) for sku, units in told.carried_out.items() if booked.get(sku, 0) != units}
    tell("\n4. What tills were told against what the core has booked:")
    tell(f"   {sum(told.carried_out.values())} units sold over the counter, {sum(booked.values())} booked.")
    if wrong or ledger["discrepancies"]:
        raise DemoError(f"Lost or doubled: {wrong}; ledger: {ledger['discrepancies']}")
    tell("   Nothing lost, nothing doubled; the ledger balances.")
