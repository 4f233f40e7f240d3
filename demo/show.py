"""`make run`: a started chain in, a few sales a second and a line of figures now and then out, until someone stops it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx2

from demo.chain import Chain
from demo.processes import DemoError
from demo.tills import Till, Told, plain_sales, square_messages

_CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "pos_square"
_SALES_A_SECOND = 3.0


async def show(chain: Chain, tell: Callable[[str], None], seconds: float) -> None:
    """Start the chain, tell where to look, and sell."""
    tell("Tillstream: starting a chain with a core, a store's agent and a warehouse")
    await chain.start()
    tell(_where_to_look(chain))
    with contextlib.suppress(TimeoutError):
        try:
            async with asyncio.timeout(seconds or None):
                await _sell_on(chain, tell)
        except* DemoError as group:
            raise group.exceptions[0] from None


async def _sell_on(chain: Chain, tell: Callable[[str], None]) -> None:
    told = Told()
    async with httpx2.AsyncClient(timeout=10) as client, asyncio.TaskGroup() as tasks:
        plain = [till for till in sorted(chain.till_keys) if till != "till-3"]
        for number, name in enumerate(plain):
            tasks.create_task(
                _sell(_till(chain, name, told, client), seed=number + 1, pause=len(plain) / _SALES_A_SECOND)
            )
        tasks.create_task(_send_square(_till(chain, "till-3", told, client)))
        tasks.create_task(_report(chain, told, client, tell))


def _till(chain: Chain, name: str, told: Told, client: httpx2.AsyncClient) -> Till:
    return Till(name=name, key=chain.till_keys[name], url=chain.till_url, told=told, client=client)


async def _sell(till: Till, seed: int, pause: float) -> None:
    for sale in plain_sales(seed):
        await till.sell(sale)
        await asyncio.sleep(pause)


async def _send_square(till: Till) -> None:
    messages = square_messages(_CORPUS)
    while True:
        for raw in messages:
            await till.send(raw)
            await asyncio.sleep(2)


async def _report(chain: Chain, told: Told, client: httpx2.AsyncClient, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(5)
        for child in filter(None, (chain.core, chain.agent, chain.warehouse)):
            child.must_run()
        shipments = (await client.get(f"http://127.0.0.1:{chain.ports.warehouse}/dispatches")).json()
        shipped = sum(shipment["status"] == "shipped" for shipment in shipments.values())
        refused = sum(count for status, count in told.answers.items() if status >= httpx2.codes.BAD_REQUEST)
        tell(
            f"tills: {told.answers[201]} messages accepted, {told.answers[200]} acknowledged without effect (repeats, open orders), "
            f"{refused} refused; warehouse: {len(shipments)} shipments, {shipped} shipped"
        )


def _where_to_look(chain: Chain) -> str:
    key = chain.till_keys["till-1"]
    sale = {
        "type": "sale",
        "receipt_number": "my-first",
        "sold_at": "2026-01-05T10:00:00Z",
        "currency": "GBP",
        "lines": [{"item": "MUG-BLUE", "quantity": "1", "unit_price": "8.50", "total": "8.50"}],
        "total": "8.50",
    }
    curl = (
        f"curl -i {chain.till_url}/v1/sales -H 'Authorization: Bearer {key}' "
        f"-H 'Content-Type: application/json' -d '{json.dumps(sale)}'"
    )
    return f"""
Running. Where to look:
  the core        {chain.core_url}/            (what stands where)   {chain.core_url}/metrics
  the agent       {chain.till_url}/openapi.json   {chain.till_url}/metrics
  the warehouse   http://127.0.0.1:{chain.ports.warehouse}/dispatches
  logs            {chain.folder}/*.log
  stock           curl -s {chain.till_url}/v1/stock/MUG-BLUE -H 'Authorization: Bearer {key}'
  operations      .venv/bin/core-service --config {chain.core_toml} exceptions list --tenant acme
                  .venv/bin/core-service --config {chain.core_toml} verify-ledger --tenant acme

Send a sale yourself (send it twice: the second time you get the same receipt):
  {curl}

Ctrl-C stops everything.
"""
