"""A core restored from an old backup asks for entries that the store deleted long ago: it gets what is kept, and nobody cries thief."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.canonical.entry import Outcome, Verdict
from edge_agent.journal import maintenance
from edge_agent.journal.retention import Retention
from tests.core_service.shop import TENANT
from tests.eventually import eventually
from tests.lane import Lane, open_lane


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(tmp_path) as opened:
        yield opened


async def settled_and_retired(lane: Lane, settled: int, kept: int) -> None:
    """Let the core of before its restoration settle through an entry, and retention delete all but the last of them."""
    journal, now = lane.journal, lane.box.clock.now() + timedelta(days=30)
    before = (await journal.head()).settled_sequence
    verdicts = [Verdict(sequence=number, outcome=Outcome.BOOKED) for number in range(before + 1, settled + 1)]
    await journal.settle(settled, verdicts)
    rule = Retention(keep_for=timedelta(0), always=kept)
    await lane.box.database.write(lambda connection: maintenance.retire(connection, rule, now))


async def core_holds(lane: Lane, watermark: int) -> None:
    epoch = (await lane.journal.head()).epoch

    async def reached() -> bool:
        async with lane.shop.core.read(TENANT) as uow:
            return (await uow.streams.position(lane.identity.agent, epoch)).watermark == watermark

    await eventually(reached, saying=f"the core holds the journal through {watermark}")


@pytest.mark.parametrize(("kept", "unsettled"), [(2, 3), (0, 2), (0, 0), (3, 0)])
async def test_fault_043_a_core_restored_to_before_the_retention_gets_what_is_kept_without_a_fork(
    lane: Lane, kept: int, unsettled: int
) -> None:
    async with lane.by_memory() as line:
        await lane.sell(3)
        async with lane.uplink(line):
            await lane.all_settled()
        await lane.sell(7, first=4)
        await settled_and_retired(lane, settled=10, kept=kept)
        before = await lane.journal.head()
        assert before.retired_sequence == 10 - kept
        await lane.sell(unsettled, first=11)
        async with lane.uplink(line):
            await core_holds(lane, 10 + unsettled)
            await lane.all_settled()
    assert (await lane.journal.head()).epoch == before.epoch, "the agent forked"
    assert await lane.reasons_parked() == ["JOURNAL_GAP"]
    await lane.sound(3 + kept + unsettled)
