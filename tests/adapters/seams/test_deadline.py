"""Waiting with an end: what is late is cancelled, what fails is raised, and nothing is left running."""

from __future__ import annotations

import asyncio

import pytest

from adapters.seams.clock import VirtualClock
from adapters.seams.deadline import cancelled, first_of, within


class Work:
    """Waits until it is let go; remembers that it was cancelled."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.was_cancelled = False

    async def run(self, answer: str = "done") -> str:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return answer


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_work_in_time_gives_its_result_and_leaves_no_sleeper() -> None:
    clock, work = VirtualClock(), Work()
    waiting = asyncio.create_task(within(clock, 5, work.run()))
    await settle()
    clock.advance(4.9)
    work.go.set()
    assert await waiting == "done"
    assert all(future.done() for _, _, future in clock._sleepers)


async def test_work_that_is_late_is_cancelled() -> None:
    clock, work = VirtualClock(), Work()
    waiting = asyncio.create_task(within(clock, 5, work.run()))
    await settle()
    clock.advance(5)
    with pytest.raises(TimeoutError, match="5 s"):
        await waiting
    assert work.was_cancelled


async def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    async def failing() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await within(VirtualClock(), 5, failing())


async def test_cancelling_the_waiter_cancels_the_work() -> None:
    work = Work()
    waiting = asyncio.create_task(within(VirtualClock(), 5, work.run()))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.was_cancelled


async def test_the_first_to_end_decides_and_the_others_are_cancelled() -> None:
    quick, slow = Work(), Work()
    racing = asyncio.create_task(first_of(slow.run("slow"), quick.run("quick")))
    await settle()
    quick.go.set()
    assert await racing == "quick"
    assert slow.was_cancelled


async def test_of_two_that_end_together_the_one_named_first_decides() -> None:
    async def answer(text: str) -> str:
        return text

    assert await first_of(answer("one"), answer("other")) == "one"


async def test_an_error_of_one_ends_the_race() -> None:
    async def failing() -> str:
        raise LookupError

    slow = Work()
    with pytest.raises(LookupError):
        await first_of(slow.run(), failing())
    await settle()
    assert slow.was_cancelled or not slow.go.is_set()


async def test_what_was_cancelled_has_ended_and_its_errors_are_nobodys() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError

    task = asyncio.create_task(stubborn())
    await settle()
    await cancelled(task)
    assert task.done()
