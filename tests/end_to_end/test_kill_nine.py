"""Kill -9 of agent and core at random points while sales flow: none lost, none doubled, the ledger balances."""

from __future__ import annotations

import asyncio
import random

import httpx2
import pytest

from demo.chain import Chain
from demo.tills import Till, Told, plain_sales
from tests.end_to_end.story import all_settled, every_shipment_once, nothing_lost_or_doubled, till

SALES = 2000
TILLS = 8
PAUSE = 0.04
FEWEST_KILLS = 5


async def _sell(seller: Till, seed: int, count: int) -> None:
    sales = plain_sales(seed, ship_one_in=40)
    for _ in range(count):
        await seller.sell(next(sales))
        await asyncio.sleep(PAUSE)  # smell: sleep - sales flow for a while, so that kills fall among them


async def _kill(chain: Chain, chance: random.Random, sold: asyncio.Event) -> int:
    """Kill one side after the other at random moments until everything is sold; return how often."""
    kills = 0
    while not sold.is_set():
        kills += 1
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        if chance.random() < 0.5:
            if chain.core:
                await chain.core.kill()
            await chain.start_core()
        else:
            if chain.agent:
                await chain.agent.kill()
            await chain.start_agent()
    return kills


@pytest.mark.timeout(300)
async def test_two_thousand_sales_survive_kills_of_both_sides(chain: Chain, client: httpx2.AsyncClient) -> None:
    """Eight tills sell through kills; each repeats a sale until it is answered."""
    told = Told()
    sold = asyncio.Event()
    killer = asyncio.create_task(_kill(chain, random.Random(11), sold))
    sellers = [till(chain, client, told) for _ in range(TILLS)]
    await asyncio.gather(*(_sell(seller, 100 + number, SALES // TILLS) for number, seller in enumerate(sellers)))
    sold.set()
    assert await killer >= FEWEST_KILLS
    assert len(told.receipts) == SALES
    await all_settled(chain, client, told, seconds=120)
    await every_shipment_once(chain, client, told, seconds=60)
    await nothing_lost_or_doubled(chain, told)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "place", ["ingest.before_commit", "ingest.committed", "work.claimed", "dispatch.called", "work.handled"]
)
async def test_fault_020_the_core_dies_at_each_step_and_every_sale_is_applied_once(
    stopped_chain: Chain, client: httpx2.AsyncClient, place: str
) -> None:
    """The core kills itself at a named step, is started again, and everything is there once."""
    chain = stopped_chain
    chain.core_environment = {"TILLSTREAM_CORE_FAILPOINT": f"{place}:2"}
    await chain.start_parts()
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=21, ship_one_in=2)
    for _ in range(12):
        await seller.sell(next(sales))
        await asyncio.sleep(0.05)  # smell: sleep - sales come one after another, so that several transactions are hit
    assert chain.core is not None
    assert chain.core.process is not None
    async with asyncio.timeout(30):
        assert await chain.core.process.wait() == -9
    chain.core_environment = {}
    await chain.start_core()
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    await nothing_lost_or_doubled(chain, told)
