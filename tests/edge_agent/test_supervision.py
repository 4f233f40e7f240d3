"""Tasks that live as long as the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.seams.backoff import Backoff
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent.supervision import Supervisor
from tests.eventually import eventually


def supervisor(clock: VirtualClock, telemetry: MemoryTelemetry) -> Supervisor:
    return Supervisor(clock, SeededRandomness(1), telemetry, Backoff(base=1.0, cap=8.0))


async def test_a_crashed_task_is_begun_anew_after_a_wait_and_counted():
    clock, telemetry = VirtualClock(), MemoryTelemetry()
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise RuntimeError("on purpose")
        await asyncio.Event().wait()

    kept = supervisor(clock, telemetry)
    kept.start("work", work)

    def ran(times: int) -> Callable[[], bool]:
        return lambda: runs == times

    for wanted in (1, 2, 3):
        await eventually(ran(wanted))
        clock.advance(10)
    assert kept.crashes == {"work": 2}
    assert telemetry.total("task_crashes") == 2
    await kept.stop()


async def test_one_crash_ends_no_other_and_stopping_goes_backwards():
    ended = []

    async def forever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def crash() -> None:
        raise RuntimeError("on purpose")

    kept = supervisor(VirtualClock(), MemoryTelemetry())
    kept.start("first", lambda: forever("first"))
    kept.start("crashing", crash)
    kept.start("second", lambda: forever("second"))
    await eventually(lambda: kept.crashes["crashing"] == 1)
    await kept.stop()
    assert ended == ["second", "first"]


async def test_a_task_that_has_done_its_work_is_not_begun_anew():
    runs = []

    async def work() -> None:
        runs.append(1)

    kept = supervisor(VirtualClock(), MemoryTelemetry())
    kept.start("once", work)
    await eventually(lambda: runs == [1])
    await kept.stop()
    assert kept.crashes == {"once": 0}
