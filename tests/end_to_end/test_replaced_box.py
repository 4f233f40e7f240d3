"""A box dies with sales that the core does not have: a new box takes them over, and every sale is booked once (docs/replace-a-box.md)."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from demo.catalogue import TENANT
from demo.chain import Chain, choose_ports
from demo.tills import Told, plain_sales
from tests.end_to_end.story import all_settled, every_shipment_once, nothing_lost_or_doubled, till

TILLS = ("till-1", "till-2")


@dataclass(kw_only=True)
class DeadBox:
    """A store whose box died: what its tills were told, and the sales that the core had and had not settled by then."""

    told: Told = field(default_factory=Told)
    settled: list[dict[str, Any]] = field(default_factory=list)
    unsettled: list[dict[str, Any]] = field(default_factory=list)


async def _box_that_died(chain: Chain, client: httpx2.AsyncClient) -> DeadBox:
    """Sell with the line up, sell with the line cut, kill -9, shut the box out."""
    box = DeadBox()
    sales = _from_tills_in_turn(seed=61)
    box.settled = list(itertools.islice(sales, 10))
    await _sell(chain, client, box.told, box.settled)
    await all_settled(chain, client, box.told)
    assert chain.link is not None
    chain.link.cut()
    box.unsettled = list(itertools.islice(sales, 20))
    await _sell(chain, client, box.told, box.unsettled)
    assert chain.agent is not None
    await chain.agent.kill()
    await chain.core_service("agents", "revoke", "leeds-1", "--tenant", TENANT, "--note", "box died")
    return box


def _from_tills_in_turn(seed: int) -> Iterator[dict[str, Any]]:
    """Yield sales, every fourth of them to be shipped, each with the name of its till under `till`."""
    for name, sale in zip(itertools.cycle(TILLS), plain_sales(seed, ship_one_in=4), strict=False):
        yield {"till": name, "sale": sale}


async def _sell(chain: Chain, client: httpx2.AsyncClient, told: Told, sales: list[dict[str, Any]]) -> list[int]:
    """Let tills send sales, or send them again; return the answers' statuses."""
    answers = [await till(chain, client, told, one["till"]).sell(one["sale"]) for one in sales]
    for one, answer in zip(sales, answers, strict=True):
        assert answer.json()["receipt_id"] == told.receipts[f"{one['till']}/{one['sale']['receipt_number']}"]
    return [answer.status_code for answer in answers]


async def _new_box(chain: Chain) -> Chain:
    """Return the same store with another, newly enrolled box that is not running yet."""
    ports = replace(chain.ports, till=choose_ports().till)
    new = replace(chain, folder=chain.folder / "new-box", ports=ports, agent=None)
    new.folder.mkdir()
    new.agent_toml.write_text(
        f'data_dir = "{new.folder / "agent"}"\n[rest]\nhost = "127.0.0.1"\nport = {ports.till}\n', "utf-8"
    )
    # The settings of the core stand in the old folder; commands to it go there.
    shutil.copy(chain.core_toml, new.core_toml)
    await new.enrol()
    return new


async def test_a_dead_boxs_journal_goes_to_a_new_box_and_every_sale_is_booked_once(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """Exported from the dead box's disk, imported twice; tills repeat to the new box what they sold last, settled or not."""
    box = await _box_that_died(chain, client)
    export = chain.folder / "leeds.tillstream"
    written = json.loads(await chain.edge_agent("journal", "export", str(export), "--json"))
    assert written["entries"] >= len(box.unsettled)
    assert written["unreadable"] == 0

    new = await _new_box(chain)
    first = json.loads(await new.edge_agent("journal", "import", str(export), "--json"))
    again = json.loads(await new.edge_agent("journal", "import", str(export), "--json"))
    assert (first["journalled"], first["known"], first["damaged"]) == (written["entries"], 0, 0)
    assert (again["journalled"], again["known"], again["damaged"]) == (0, written["entries"], 0)

    assert chain.link is not None
    chain.link.mend()
    try:
        await new.start_agent()
        assert await _sell(new, client, box.told, box.unsettled[-6:]) == [httpx2.codes.OK] * 6
        assert await _sell(new, client, box.told, box.settled[-4:]) == [httpx2.codes.CREATED] * 4
        fresh = list(itertools.islice(_from_tills_in_turn(seed=62), 5))
        assert await _sell(new, client, box.told, fresh) == [httpx2.codes.CREATED] * 5
        await _booked_once(new, client, box)
    finally:
        await _stop(new)


async def test_a_dead_box_whose_disk_is_gone_is_made_good_by_its_tills(
    chain: Chain, client: httpx2.AsyncClient
) -> None:
    """Tills repeat what they sold last to an empty new box: same receipts, and what the core had already changes nothing."""
    box = await _box_that_died(chain, client)
    shutil.rmtree(chain.folder / "agent")
    new = await _new_box(chain)
    assert chain.link is not None
    chain.link.mend()
    try:
        await new.start_agent()
        repeated = box.settled[-4:] + box.unsettled
        assert await _sell(new, client, box.told, repeated) == [httpx2.codes.CREATED] * len(repeated)
        await _booked_once(new, client, box)
    finally:
        await _stop(new)


async def _booked_once(new: Chain, client: httpx2.AsyncClient, box: DeadBox) -> None:
    """Wait until the new box's sales are settled, then compare what tills were told with the ledger and the warehouse."""
    early = {f"{one['till']}/{one['sale']['receipt_number']}" for one in box.settled[:-4]}
    here = {name: receipt for name, receipt in box.told.receipts.items() if name not in early}
    await all_settled(new, client, replace(box.told, receipts=here))
    await every_shipment_once(new, client, box.told)
    await nothing_lost_or_doubled(new, box.told)
    exceptions = await new.core_service("exceptions", "list", "--tenant", TENANT)
    assert exceptions["exceptions"] == []


async def _stop(new: Chain) -> None:
    """Stop the new box; the chain's own fixture stops the rest."""
    if new.agent:
        await new.agent.stop()
