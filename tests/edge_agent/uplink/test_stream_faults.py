"""The way up under faults: the real journal and the real core on a line that is cut, half-open or silent at any message."""

from __future__ import annotations

import random
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.canonical.uplink import SendBatch
from adapters.errors import Transient
from adapters.reasons import Reason
from edge_agent.uplink.session import UplinkLimits
from edge_agent.uplink.stream import Uplink
from edge_agent.uplink.window import Pace
from tests.eventually import eventually
from tests.fakes.memory_line import Fate, MemoryLine, Passing
from tests.lane import QUICK, Box, Lane, once, open_lane

SMALL = Pace(entries=5, most_entries=10)
IMPATIENT = replace(QUICK, limits=UplinkLimits(open_seconds=2.0, send_seconds=2.0, settle_seconds=1.5))


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(tmp_path) as opened:
        yield opened


async def drained(lane: Lane, line: MemoryLine, prepare: Callable[[Uplink], None] | None = None) -> None:
    """Run the uplink in small batches until all is settled."""
    async with lane.uplink(line, IMPATIENT) as uplink:
        uplink._pace = SMALL
        if prepare is not None:
            prepare(uplink)
        await lane.all_settled()


@pytest.mark.parametrize("fate", [Fate.CUT, Fate.HALF_OPEN, Fate.SILENCE])
@pytest.mark.parametrize("upwards", [True, False], ids=["up", "down"])
@pytest.mark.parametrize("number", range(4))
async def test_fault_004_a_stream_cut_at_any_message_loses_and_doubles_nothing(
    lane: Lane, number: int, upwards: bool, fate: Fate
) -> None:
    """Message `number` of the first stream is lost: cut for both sides, for the agent alone (a zombie stays), or for nobody."""

    def decide(passing: Passing) -> Fate:
        return fate if (passing.call, passing.upwards, passing.number) == (0, upwards, number) else Fate.PASS

    await lane.sell(18)
    async with lane.by_memory() as line:
        line.fate = decide
        await drained(lane, line)
        assert len(line.calls) > 1
    await lane.sound(18)


@pytest.mark.parametrize("seed", range(8))
async def test_fault_009_a_line_that_breaks_all_the_time_still_lets_everything_through_once(
    lane: Lane, seed: int
) -> None:
    """Every eighth message is lost in one way or another while tills go on selling."""
    chance = random.Random(seed)

    def decide(_: Passing) -> Fate:
        return chance.choice((Fate.CUT, Fate.HALF_OPEN)) if chance.random() < 1 / 8 else Fate.PASS

    async with lane.by_memory() as line:
        line.fate = decide
        async with lane.uplink(line, IMPATIENT) as uplink:
            uplink._pace = SMALL
            for first in range(1, 61, 6):
                await lane.sell(6, first=first)
            await lane.all_settled()
    await lane.sound(60)


async def test_fault_007_pings_pass_and_data_does_not(lane: Lane) -> None:
    """The core takes everything and answers nothing: the stream is given up in time, and the age of the oldest entry shows it."""

    def decide(passing: Passing) -> Fate:
        return Fate.SILENCE if not passing.upwards and passing.number == 1 and passing.call == 0 else Fate.PASS

    await lane.sell(3)
    async with lane.by_memory() as line:
        line.fate = decide
        async with lane.uplink(line, IMPATIENT) as uplink:
            await eventually(lambda: len(line.calls) == 2)
            await lane.all_settled()
            assert (await uplink.status()).oldest_unsettled_seconds == 0
    assert lane.telemetry.counters["uplink_streams_ended", (("reason", "CORE_UNREACHABLE"),)] == 1
    await lane.sound(3)


async def test_fault_005_batches_shrink_when_streams_fail_and_grow_again(lane: Lane) -> None:
    """The first four streams are cut at their first batch."""
    sizes: list[int] = []

    def decide(passing: Passing) -> Fate:
        if isinstance(passing.message, SendBatch):
            sizes.append(len(passing.message.entries))
            return Fate.CUT if passing.call < 4 else Fate.PASS
        return Fate.PASS

    await lane.sell(400)
    async with lane.by_memory() as line:
        line.fate = decide
        async with lane.uplink(line):
            await lane.all_settled()
    assert sizes[:5] == [100, 50, 25, 12, 6]
    assert max(sizes[5:]) >= 50
    await lane.sound(400)


async def test_fault_061_both_copies_of_a_cloned_disk_sell_and_every_sale_is_booked_once(
    lane: Lane, tmp_path: Path
) -> None:
    await lane.sell(4)
    async with lane.by_memory() as line:
        await drained(lane, line)
        await lane.box.close()
        shutil.copytree(lane.box.folder, tmp_path / "clone")
        lane.box = await Box.open(tmp_path / "box", seed=3)
        clone = await Box.open(tmp_path / "clone", seed=4)
        await lane.sell(3, first=11)
        await clone.sell(5, first=21)
        async with lane.uplink(line):
            await lane.all_settled()
        async with lane.uplink(line, box=clone):
            await lane.all_settled(clone)
        await lane.sell(2, first=31)
        async with lane.uplink(line):
            await lane.all_settled()
        await clone.close()
    assert await lane.reasons_parked() == ["FORK"]
    await lane.sound(4 + 3 + 5 + 2)


async def test_a_damaged_entry_is_declared_and_the_others_are_booked(lane: Lane) -> None:
    await lane.sell(6)
    await lane.box.database.write(
        lambda connection: connection.execute("UPDATE entry SET raw = x'00' WHERE sequence = 3")
    )
    async with lane.by_memory() as line:
        await drained(lane, line)
    assert "JOURNAL_GAP" in await lane.reasons_parked()
    await lane.sound(5)


async def test_an_answer_about_a_former_epoch_settles_nothing(lane: Lane) -> None:
    """The journal forked between the core's commit and its answer: the new epoch's entry 1 is another one."""
    await lane.sell(2)
    before = await lane.journal.head()
    await lane.journal.fork("put aside")
    await lane.journal.settle(2, (), epoch=before.epoch)
    assert (await lane.journal.head()).settled_sequence == 0
    async with lane.by_memory() as line:
        await drained(lane, line)
    await lane.sound(2)


async def test_fault_023_a_core_that_is_overloaded_is_left_alone_for_as_long_as_it_says(lane: Lane) -> None:
    async def overloaded() -> None:
        raise Transient(Reason.OVERLOADED, "Come again.", retry_after=0.3)

    lane.core_failpoints.arm("stream.opening", once(overloaded))
    await lane.sell(1)
    async with lane.by_memory() as line, lane.uplink(line) as uplink:
        await eventually(lambda: len(line.calls) == 1)

        async def told() -> bool:
            return (await uplink.status()).reason == Reason.OVERLOADED

        await eventually(told)
        await lane.all_settled()
        assert len(line.calls) == 2
        assert (await uplink.status()).reason == ""


async def test_nothing_listens_and_the_tills_go_on(lane: Lane) -> None:
    async with lane.by_memory() as line:
        line.down = True
        async with lane.uplink(line) as uplink:
            await lane.sell(3)

            async def failed() -> bool:
                return (await uplink.status()).reason == Reason.CORE_UNREACHABLE

            await eventually(failed)
            line.down = False
            await lane.all_settled()
    await lane.sound(3)
