"""How the uplink waits between streams, on a virtual clock, against a core that a test scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.canonical.chain import genesis
from adapters.canonical.uplink import Credit, Forked, Opened, OpenStream, Settled, UplinkAnswer, UplinkRequest
from adapters.errors import AuthenticationFailed, Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.deadline import cancelled
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent.uplink.session import UplinkSeams
from edge_agent.uplink.stream import Uplink
from tests.eventually import eventually
from tests.fakes.memory_line import MemoryLine
from tests.lane import Box

Serve = Callable[[AsyncIterator[UplinkRequest]], AsyncGenerator[UplinkAnswer, None]]
CREDIT = Credit(entries=100, bytes=10**6)


class Waiting:
    """An uplink on a virtual clock. `opened_at` are the seconds at which streams were opened."""

    def __init__(self, box: Box, serve: Serve) -> None:
        self.clock = VirtualClock()
        self.telemetry = MemoryTelemetry()
        self.box = box
        self.opened_at: list[float] = []

        def noted(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
            self.opened_at.append(self.clock.monotonic())
            return serve(requests)

        self.line = MemoryLine(noted)
        seams = UplinkSeams(
            clock=self.clock,
            randomness=SeededRandomness(7),
            telemetry=self.telemetry,
            failpoints=NoFailpoints(),
        )
        self.uplink = Uplink(box.journal, self.line, seams)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.uplink.run())
        try:
            yield
        finally:
            await cancelled(task)
            await self.line.close()

    async def for_seconds(self, seconds: float, step: float = 0.5) -> None:
        """Let so much time pass, in steps, with everybody acting in between."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            for _ in range(30):
                await asyncio.sleep(0)
            self.clock.advance(step)
        for _ in range(30):
            await asyncio.sleep(0)

    @property
    def pauses(self) -> list[float]:
        return [after - before for before, after in zip(self.opened_at, self.opened_at[1:], strict=False)]


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    opened = await Box.open(tmp_path / "box")
    yield opened
    await opened.close()


def refusing(error: TillstreamError) -> Serve:
    async def serve(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        yield await _raise(await anext(requests), error)

    return serve


async def _raise(_: UplinkRequest, error: TillstreamError) -> UplinkAnswer:
    raise error


async def _opened(requests: AsyncIterator[UplinkRequest]) -> Opened:
    opening = await anext(requests)
    assert isinstance(opening, OpenStream)
    return Opened(watermark=0, chain=genesis(opening.epoch), credit=CREDIT, session_id="s")


async def test_waits_grow_to_half_a_minute_and_no_further(box: Box) -> None:
    waiting = Waiting(box, refusing(Transient(Reason.NOT_READY, "Starting.")))
    async with waiting.running():
        await waiting.for_seconds(600)
    assert waiting.pauses[0] <= 1
    assert 5 < max(waiting.pauses) <= 30.5
    assert len(waiting.opened_at) > 20


async def test_fault_057_an_agent_that_is_shut_out_asks_seldom(box: Box) -> None:
    waiting = Waiting(box, refusing(AuthenticationFailed(Reason.AGENT_REVOKED, "Shut out.")))
    async with waiting.running():
        await waiting.for_seconds(3600, step=5)
        assert (await waiting.uplink.status()).revoked
        assert waiting.telemetry.gauges["uplink_revoked", ()] == 1
    assert len(waiting.opened_at) <= 15
    assert min(waiting.pauses) >= 15


async def test_a_core_that_always_says_fork_does_not_make_the_journal_fork_all_the_time(box: Box) -> None:
    """The first fork is tried again at once, every further one late: each writes the backlog anew."""

    async def serve(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        yield await _opened(requests)
        await anext(requests)
        yield Forked(sequence=1, sentence="No.")

    await box.sell(3)
    waiting = Waiting(box, serve)
    async with waiting.running():
        await waiting.for_seconds(3600, step=5)
    assert waiting.pauses[0] <= 5
    assert min(waiting.pauses[1:]) >= 15
    assert len(waiting.opened_at) <= 15
    assert await box.unsettled() == 3


async def test_a_stream_that_settled_something_is_opened_anew_at_once(box: Box) -> None:
    """It works: whatever ended it, the next wait is a first one."""

    async def serve(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        opening = await anext(requests)
        assert isinstance(opening, OpenStream)
        done = opening.settled_sequence
        yield Opened(watermark=done, chain=opening.settled_chain, credit=CREDIT, session_id="s")
        await anext(requests)
        yield Settled(through=done + 1, verdicts=(), credit=CREDIT)

    await box.sell(20)
    waiting = Waiting(box, serve)
    async with waiting.running():
        while await box.unsettled():
            await waiting.for_seconds(0.2, step=0.05)
    assert len(waiting.opened_at) >= 20
    assert max(waiting.pauses) < 1


@pytest.mark.parametrize(
    "strange",
    [
        Settled(through=4, verdicts=(), credit=CREDIT),
        Opened(watermark=0, chain=b"", credit=CREDIT, session_id="again"),
    ],
    ids=["settles what was never sent", "opens twice"],
)
async def test_an_answer_out_of_turn_settles_nothing_and_is_shown(box: Box, strange: UplinkAnswer) -> None:
    async def serve(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        yield await _opened(requests)
        await anext(requests)
        yield strange
        await asyncio.Event().wait()

    await box.sell(3)
    waiting = Waiting(box, serve)
    async with waiting.running():

        async def shown() -> bool:
            return (await waiting.uplink.status()).reason in {Reason.SEQUENCE_UNEXPECTED, Reason.FIELD_INVALID}

        await eventually(shown)
    assert await box.unsettled() == 3


async def test_fault_007_silence_after_the_connection_is_found_in_time(box: Box) -> None:
    """No Opened: twenty seconds. No settlement: thirty, although the line is there."""

    async def serve(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        if len(waiting.opened_at) > 1:
            yield await _opened(requests)
        await asyncio.Event().wait()

    await box.sell(1)
    waiting = Waiting(box, serve)
    async with waiting.running():
        await waiting.for_seconds(70)
    assert 20 <= waiting.pauses[0] <= 21.5
    assert 30 <= waiting.pauses[1] <= 40


async def test_the_age_of_the_oldest_unsettled_entry_is_measured_while_nothing_gets_through(box: Box) -> None:
    waiting = Waiting(box, refusing(Transient(Reason.NOT_READY, "Starting.")))
    await box.sell(1)
    async with waiting.running():
        await waiting.for_seconds(120)
    assert 100 <= waiting.telemetry.gauges["uplink_oldest_unsettled_seconds", ()] <= 121
    assert waiting.telemetry.gauges["uplink_unsettled_entries", ()] == 1
    assert waiting.telemetry.gauges["uplink_connected", ()] == 0


async def test_an_error_that_nobody_foresaw_never_ends_the_loop(box: Box) -> None:
    async def serve(requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        yield await _opened(requests)

    waiting = Waiting(box, serve)
    opened = waiting.line.open

    async def broken() -> object:
        waiting.opened_at.append(waiting.clock.monotonic())
        if len(waiting.opened_at) < 3:
            raise ZeroDivisionError
        return await opened()

    waiting.line.open = broken  # type: ignore[method-assign, assignment]
    async with waiting.running():
        await waiting.for_seconds(200)
        assert len(waiting.opened_at) > 3
    assert waiting.telemetry.counters["uplink_streams_ended", (("reason", "INTERNAL"),)] == 2


async def test_what_the_core_refuses_for_good_is_tried_again_late(box: Box) -> None:
    waiting = Waiting(box, refusing(Permanent(Reason.ENTRY_KIND_UNKNOWN, "Update the core.")))
    async with waiting.running():
        await waiting.for_seconds(600, step=5)
        assert (await waiting.uplink.status()).sentence == "Update the core."
    assert 2 <= len(waiting.opened_at) <= 8
