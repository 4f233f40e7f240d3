"""A queue without an end is found, a bounded or waived one is not."""

from __future__ import annotations

import pytest

from tests.checks.smells.conftest import Smell

ROOM = "edge_agent/uplink/stream.py"
PROMISE = '"""Entries in, settlements out."""\n'


@pytest.mark.parametrize(
    "line",
    [
        "asyncio.Queue()",
        "asyncio.Queue[Job]()",
        "asyncio.Queue(0)",
        "Queue(maxsize=0)",
        "queue.PriorityQueue()",
        "deque()",
        "deque([])",
        "queue.SimpleQueue()",
    ],
)
def test_an_unbounded_queue_is_named(smell: Smell, line: str) -> None:
    assert smell(ROOM, f"{PROMISE}waiting = {line}\n") == [("unbounded", 2)]


@pytest.mark.parametrize(
    "line",
    ["asyncio.Queue(8)", "asyncio.Queue[Job](8)", "asyncio.Queue(maxsize=LIMIT)", "deque(maxlen=8)", "deque((), 8)"],
)
def test_a_bounded_queue_is_fine(smell: Smell, line: str) -> None:
    assert smell(ROOM, f"{PROMISE}waiting = {line}\n") == []


def test_a_waiver_needs_the_right_name_and_a_reason(smell: Smell) -> None:
    line = f"{PROMISE}waiting = deque()"
    assert smell(ROOM, f"{line}  # smell: unbounded - the credit bounds what waits here\n") == []
    above = "# smell: unbounded - the credit bounds what waits here\n"
    assert smell(ROOM, f"{PROMISE}{above}waiting = deque()\n") == []
    assert smell(ROOM, f"{line}  # smell: unbounded -\n") == [("unbounded", 2)]
    assert smell(ROOM, f"{line}  # smell: float - the credit bounds what waits here\n") == [("unbounded", 2)]
