"""The line between store and core is cut: tills go on selling, answers say their age, nothing is lost or doubled afterwards."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from demo.chain import Chain
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, every_shipment_once, nothing_lost_or_doubled, receipt_state, till


@pytest.mark.parametrize("way", ["cut", "hold"])
async def test_tills_go_on_selling_and_everything_arrives_once(
    chain: Chain, client: httpx2.AsyncClient, way: str
) -> None:
    """Reset connections, and a line that swallows bytes in silence."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=5, ship_one_in=6)
    for _ in range(10):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    assert chain.link is not None
    if way == "cut":
        chain.link.cut()
    else:
        chain.link.holds = True
    for _ in range(40):
        assert (await seller.sell(next(sales))).status_code == httpx2.codes.CREATED
    headers = {"Authorization": f"Bearer {chain.till_keys['till-1']}"}
    early = (await client.get(f"{chain.till_url}/v1/stock/MUG-BLUE", headers=headers)).json()
    await asyncio.sleep(1.5)  # smell: sleep - the answer's age is what is tested, so real time has to pass
    late = (await client.get(f"{chain.till_url}/v1/stock/MUG-BLUE", headers=headers)).json()
    assert late["age_seconds"] >= early["age_seconds"] + 1
    assert not (await receipt_state(chain, client, list(told.receipts.values())[-1]))["settled"]
    if way == "hold":
        chain.link.cut()
    chain.link.mend()
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    await nothing_lost_or_doubled(chain, told)


async def test_a_line_that_tears_messages_in_their_middle_loses_and_doubles_nothing(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """Connections are reset after a few kilobytes, again and again."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=6, ship_one_in=6)
    assert chain.link is not None
    for limit in (3_000, 5_000, 9_000, 17_000):
        chain.link.cut()
        chain.link.is_cut = False
        chain.link.cut_after = limit
        for _ in range(25):
            await seller.sell(next(sales))
        await asyncio.sleep(0.5)  # smell: sleep - the line goes on tearing for a while at each length
    chain.link.mend()
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    await nothing_lost_or_doubled(chain, told)
