"""The runner of the checks: every check passes or fails by its exit code, and an unknown name is refused with the known ones."""

from __future__ import annotations

import asyncio
import sys

import pytest

from checks.__main__ import chosen, run_step
from checks.steps import STEPS, Step


def step(code: str) -> Step:
    """Return a check that runs a line of Python."""
    return Step(name="sample", promise="it holds", advice="mend it", words=(sys.executable, "-c", code))


async def test_a_check_fails_by_its_exit_code_and_keeps_what_it_said() -> None:
    outcome = await run_step(step("print('line 3 is wrong'); raise SystemExit(1)"), asyncio.Semaphore(1))
    assert not outcome.passed
    assert outcome.output == "line 3 is wrong"


async def test_a_passing_check_is_one_line_with_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = await run_step(step("print('all is well')"), asyncio.Semaphore(1))
    assert outcome.passed
    assert capsys.readouterr().out == outcome.line() + "\n"
    assert outcome.line().startswith("ok    sample")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"no check named spelling.*mypy"):
        chosen(["spelling"])


def test_without_names_all_checks_run() -> None:
    assert chosen([]) == list(STEPS)
