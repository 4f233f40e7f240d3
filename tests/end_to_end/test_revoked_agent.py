"""A revoked agent is cut off within 60 seconds, goes on taking sales, and commits none of them (faults row 57)."""

from __future__ import annotations

import asyncio

import httpx2

from demo.catalogue import TENANT
from demo.chain import Chain
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, levels, receipt_state, till


async def test_fault_057_a_revoked_agent_commits_nothing_any_more(chain: Chain, client: httpx2.AsyncClient) -> None:
    """Revoked while its stream is open and used."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=51, ship_one_in=10**9)
    for _ in range(5):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    agents = await chain.core_service("agents", "list", "--tenant", TENANT)
    await chain.core_service(
        "agents", "revoke", agents["agents"][0]["agent"], "--tenant", TENANT, "--note", "stolen box"
    )
    before = await levels(chain, chain.store)
    late = Told()
    seller = till(chain, client, late)
    for _ in range(5):
        assert (await seller.sell(next(sales))).status_code == httpx2.codes.CREATED
    await asyncio.sleep(3)  # smell: sleep - nothing must happen, which only time can show
    assert await levels(chain, chain.store) == before
    for receipt in late.receipts.values():
        assert not (await receipt_state(chain, client, receipt))["settled"]
