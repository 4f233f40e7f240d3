"""A till's sale travels to a governed order in the core and on to a warehouse, and the store hears of it."""

from __future__ import annotations

import asyncio

import httpx2

from demo.chain import Chain
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, every_shipment_once, nothing_lost_or_doubled, receipt_state, till


async def test_a_sale_is_booked_and_a_shipped_line_becomes_an_order_that_the_store_sees_shipped(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """From the till's POST to the warehouse's last webhook and back into the store's cache."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=3, ship_one_in=3)
    for _ in range(30):
        answer = await seller.sell(next(sales))
        assert answer.status_code == httpx2.codes.CREATED
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    await nothing_lost_or_doubled(chain, told)
    headers = {"Authorization": f"Bearer {chain.till_keys['till-1']}"}
    states = [await receipt_state(chain, client, receipt) for receipt in told.receipts.values()]
    orders = [order["order_id"] for state in states for order in state["orders"]]
    assert orders
    async with asyncio.timeout(20):
        for order in orders:
            while (await client.get(f"{chain.till_url}/v1/orders/{order}", headers=headers)).json()[
                "status"
            ] != "SHIPPED":
                await asyncio.sleep(0.1)


async def test_a_repeat_gets_the_first_receipt_and_books_once(chain: Chain, client: httpx2.AsyncClient) -> None:
    """The till that got no answer sends the same sale again, before and after the core has settled it."""
    told = Told()
    seller = till(chain, client, told)
    sale = next(plain_sales(seed=4, ship_one_in=10**9))
    first = await seller.sell(sale)
    again = await seller.sell(sale)
    await all_settled(chain, client, told)
    later = await seller.sell(sale)
    assert first.json()["receipt_id"] == again.json()["receipt_id"] == later.json()["receipt_id"]
    await nothing_lost_or_doubled(chain, told)
