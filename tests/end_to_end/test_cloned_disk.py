"""An agent's disk is copied and both copies sell: the fork is named on both sides, and every sale is booked once (faults rows 17 and 61)."""

from __future__ import annotations

import shutil
from dataclasses import replace

import httpx2

from demo.catalogue import TENANT
from demo.chain import Chain, choose_ports
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, nothing_lost_or_doubled, till


def clone_of(chain: Chain) -> Chain:
    """Return a chain whose agent stands on a copy of the stopped agent's disk, on another port."""
    clone = replace(
        chain, folder=chain.folder / "clone", ports=replace(chain.ports, till=choose_ports().till), agent=None
    )
    clone.folder.mkdir()
    shutil.copytree(chain.folder / "agent", clone.folder / "agent")
    text = chain.agent_toml.read_text()
    text = text.replace(str(chain.folder / "agent"), str(clone.folder / "agent"))
    clone.agent_toml.write_text(text.replace(f"port = {chain.ports.till}", f"port = {clone.ports.till}"))
    return clone


async def test_fault_061_a_cloned_disk_is_named_and_both_copies_sales_are_booked_once(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """The agent is stopped, its disk copied; the copy sells, then the original sells different sales at the same positions."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=41, ship_one_in=10**9)
    for _ in range(10):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    assert chain.agent is not None
    await chain.agent.stop()

    clone = clone_of(chain)
    try:
        await clone.start_agent()
        other = till(clone, client, told, "till-2")
        for sale in (next(sales) for _ in range(7)):
            await other.sell({**sale, "receipt_number": "clone-" + sale["receipt_number"]})
        await all_settled(clone, client, told)
    finally:
        if clone.agent is not None:
            await clone.agent.stop()

    await chain.start_agent()
    own = Told()
    seller = till(chain, client, own)
    for _ in range(7):
        await seller.sell(next(sales))
    await all_settled(chain, client, own)
    exceptions = await chain.core_service("exceptions", "list", "--tenant", TENANT)
    assert "FORK" in {parked["reason"] for parked in exceptions["exceptions"]}
    told.carried_out.update(own.carried_out)
    await nothing_lost_or_doubled(chain, told)


async def test_fault_017_an_older_disk_image_is_named_and_its_reused_numbers_are_refused(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """The disk of an hour ago is put back under a running store: its numbers go back, its sales do not."""
    told = Told()
    seller = till(chain, client, told)
    sales = plain_sales(seed=42, ship_one_in=10**9)
    for _ in range(5):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    assert chain.agent is not None
    await chain.agent.stop()
    shutil.copytree(chain.folder / "agent", chain.folder / "image")
    await chain.start_agent()
    for _ in range(5):
        await seller.sell(next(sales))
    await all_settled(chain, client, told)
    await chain.agent.stop()
    shutil.rmtree(chain.folder / "agent")
    shutil.copytree(chain.folder / "image", chain.folder / "agent")

    await chain.start_agent()
    fresh = Told()
    seller = till(chain, client, fresh)
    for _ in range(5):
        await seller.sell(next(sales))
    await all_settled(chain, client, fresh)
    told.carried_out.update(fresh.carried_out)
    await nothing_lost_or_doubled(chain, told)
