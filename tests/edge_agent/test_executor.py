"""Both executors run a lane's work one after the other and hand back results and errors."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from edge_agent.executor import Executor, InlineExecutor, ThreadExecutor


async def test_a_thread_lane_runs_beside_the_event_loop_in_order() -> None:
    lane, seen = ThreadExecutor().lane("test"), list[tuple[int, int]]()

    def work(number: int) -> None:
        seen.append((number, threading.get_ident()))

    await asyncio.gather(*[lane.run(partial(work, number)) for number in range(5)])
    lane.close()
    assert [number for number, _ in seen] == list(range(5))
    assert {thread for _, thread in seen} != {threading.get_ident()}
    assert len({thread for _, thread in seen}) == 1


async def test_an_inline_lane_runs_at_once_on_the_caller() -> None:
    assert await InlineExecutor().lane("test").run(threading.get_ident) == threading.get_ident()


@pytest.mark.parametrize("executor", [ThreadExecutor(), InlineExecutor()])
async def test_errors_reach_the_caller(executor: Executor) -> None:
    lane = executor.lane("test")
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 / 0)
    lane.close()
