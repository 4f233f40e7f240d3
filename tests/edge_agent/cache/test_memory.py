"""What is remembered is bounded and never older than what has changed."""

from __future__ import annotations

import pytest

from edge_agent.cache.memory import Memory


def remember(memory: Memory[str, int], key: str, value: int) -> None:
    memory.end(memory.begin(), {key: value})


def test_the_oldest_unused_goes_first() -> None:
    memory: Memory[str, int] = Memory(2)
    remember(memory, "a", 1)
    remember(memory, "b", 2)
    memory.get("a")
    remember(memory, "c", 3)
    assert ("a" in memory, "b" in memory, "c" in memory, len(memory)) == (True, False, True, 2)


@pytest.mark.parametrize("change", ["forget", "changing", "clear"])
def test_what_changed_during_a_read_is_not_remembered(change: str) -> None:
    memory: Memory[str, int] = Memory(2)
    load = memory.begin()
    match change:
        case "forget":
            memory.forget(["a"])
        case "changing":
            memory.changing("a")
        case _:
            memory.clear()
    memory.end(load, {"a": 1})
    assert "a" not in memory
