"""The core is restored from an older backup: agents send again what it has forgotten, and nothing ships twice (faults row 43)."""

from __future__ import annotations

import httpx2

from demo.chain import Chain
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, dispatches, every_shipment_once, nothing_lost_or_doubled, till


async def test_fault_043_a_core_restored_from_yesterday_gets_everything_again_once(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """Sales, a backup, more sales with shipments, a restore of that backup, more sales."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=31, ship_one_in=3)
    for _ in range(15):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    backup = chain.folder / "backup.db"
    await chain.core_service("backup", str(backup))
    for _ in range(25):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    shipped_before = set(await dispatches(chain, client))

    assert chain.core is not None
    await chain.core.stop()
    await chain.core_service("restore", str(backup), "--yes")
    await chain.start_core()
    for _ in range(5):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    await every_shipment_once(chain, client, told)
    assert shipped_before <= set(await dispatches(chain, client))
    await nothing_lost_or_doubled(chain, told)
