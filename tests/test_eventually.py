"""Waiting ends as soon as the condition holds, and says what it saw when it never does."""

from __future__ import annotations

import asyncio

import pytest

from tests.eventually import deadline, eventually


async def test_the_first_true_value_is_returned() -> None:
    answers = iter([0, None, 7])
    assert await eventually(lambda: next(answers)) == 7


async def test_a_condition_may_be_awaitable() -> None:
    async def answer() -> str:
        return "there"

    assert await eventually(answer) == "there"


async def test_an_assertion_error_means_not_yet() -> None:
    answers = iter([1, 2])

    def condition() -> bool:
        assert next(answers) == 2
        return True

    assert await eventually(condition)


async def test_an_error_of_another_kind_is_not_waited_for() -> None:
    def condition() -> bool:
        raise KeyError("till")

    with pytest.raises(KeyError):
        await eventually(condition)


async def test_when_time_is_up_the_last_value_is_told() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.01 s: the journal drains; last value: 0"):
        await eventually(lambda: 0, within=0.01, saying="the journal drains")


async def test_a_deadline_names_what_took_too_long() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.01 s: the reply"):
        async with deadline(0.01, "the reply"):
            await asyncio.Event().wait()


async def test_a_deadline_leaves_other_timeouts_alone() -> None:
    with pytest.raises(TimeoutError):
        async with deadline(5):
            raise TimeoutError
