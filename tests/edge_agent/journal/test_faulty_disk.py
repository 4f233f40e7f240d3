"""Real errors of the kernel under a real journal: injected by strace, or by a small filesystem that is full."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.canonical.entry import Outcome, Verdict
from adapters.errors import Transient
from adapters.reasons import Reason
from adapters.seams.clock import SystemClock
from edge_agent.database import DatabaseOptions
from edge_agent.executor import ThreadExecutor
from edge_agent.journal.retention import Retention
from edge_agent.journal.store import JournalOptions
from tests.contracts.drafts import sale
from tests.edge_agent.journal.conftest import Desk
from tests.required import require_command

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    "call", ["fdatasync:error=EIO:when=30..31", "pwrite64:error=EIO:when=150", "pwrite64:error=ENOSPC:when=150"]
)
async def test_fault_012_014_what_a_failing_disk_acknowledged_is_there(tmp_path: Path, call: str) -> None:
    """Sixty sales while calls fail: every receipt that was told is found again, and the chain holds."""
    trace = (require_command("strace", "strace"), "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'proto'}"}
    module = ("-m", "tests.edge_agent.journal.selling", str(tmp_path), "1", "60")
    child = await asyncio.create_subprocess_exec(
        *trace, sys.executable, *module, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=environment
    )
    out, _ = await asyncio.wait_for(child.communicate(), 30)
    lines = out.decode().split()
    told, refused = (
        {line for line in lines if line.startswith("rcp_")},
        [line for line in lines if line.startswith("refused")],
    )
    assert child.returncode == 0
    assert refused
    desk = Desk(tmp_path, ThreadExecutor())
    journal = await desk.open()
    assert await journal.verify() == ()
    found = {entry.content.receipt_id for entry in (await journal.read(0, 1000, 10**9)).entries}
    assert told - found == set()
    await desk.database.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_fault_014_a_full_filesystem_heals_by_settling_and_retention(small_disk: Path) -> None:
    """Sales are refused while it is full, settling and deleting go on by the reserve, then sales are accepted again."""
    rule = Retention(keep_for=timedelta(0), keep_under_pressure=timedelta(0), always=10)
    desk = Desk(small_disk, ThreadExecutor(), JournalOptions(retention=rule))
    journal = await desk.open(DatabaseOptions(telemetry=desk.telemetry), SystemClock())
    accepted = 0

    async def fill() -> None:
        nonlocal accepted
        for number in range(1, 5000):
            draft = sale(number)
            await journal.append(replace(draft, content=replace(draft.content, raw=draft.content.raw.ljust(30_000))))
            accepted += 1

    with pytest.raises(Transient) as refused:
        await fill()
    assert refused.value.reason is Reason.DISK_FULL
    assert (await journal.head()).entries_unsettled == accepted
    await journal.settle(accepted, [Verdict(sequence=n, outcome=Outcome.BOOKED) for n in range(1, accepted + 1)])
    assert await journal.retire() == accepted - 10
    async with asyncio.timeout(10):
        while not await _accepts(desk, accepted + 100):
            await asyncio.sleep(0.1)  # smell: sleep - the journal itself tries again by real time
    assert (small_disk / "agent.reserve").exists()
    assert await journal.verify() == ()
    await desk.database.close()


async def _accepts(desk: Desk, number: int) -> bool:
    try:
        return (await desk.journal.append(sale(number))).first
    except Transient:
        return False
