"""Nothing that a killed agent acknowledged is lost, wherever the kill fell."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from edge_agent.executor import ThreadExecutor
from tests.edge_agent.journal.conftest import Desk

ROOT = Path(__file__).resolve().parents[3]


async def sell_until_killed(folder: Path, first: int, receipts: int) -> list[str]:
    """Start a selling process, kill it after it acknowledged so many receipts, and return all that it acknowledged."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'proto'}"}
    module = ("-m", "tests.edge_agent.journal.selling")
    child = await asyncio.create_subprocess_exec(
        sys.executable, *module, str(folder), str(first), stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=environment
    )
    assert child.stdout is not None
    lines = [await asyncio.wait_for(child.stdout.readline(), 20) for _ in range(receipts)]
    child.kill()
    rest = await child.stdout.read()
    await child.wait()
    whole = (b"".join(lines) + rest).decode()
    return whole[: whole.rfind("\n")].split("\n")


async def test_fault_010_kill_minus_nine_loses_no_acknowledged_sale(tmp_path: Path) -> None:
    """Several lives of one journal, each killed while selling; the chain holds and every receipt is found."""
    chance, told, first = random.Random(7), set[str](), 1
    for _ in range(4):
        told |= set(await sell_until_killed(tmp_path, first, chance.randint(5, 400)))
        first += 100_000
    desk = Desk(tmp_path, ThreadExecutor())
    journal = await desk.open()
    assert await journal.verify() == ()
    found, after = set[str](), 0
    while (run := await journal.read(after, 500, 10**9)).entries:
        found |= {entry.content.receipt_id for entry in run.entries}
        after = run.entries[-1].id.sequence
    assert told - found == set()
    assert len(found) == (await journal.head()).entries_unsettled
    await desk.database.close()
