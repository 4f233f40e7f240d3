"""A failpoint is free in production, obeys a test, and kills at exactly the armed hit."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from adapters.seams.failpoint import ArmedFailpoints, NoFailpoints

KILLED = """
import asyncio
from adapters.seams.failpoint import KillingFailpoints
async def main():
    failpoints = KillingFailpoints("here:3")
    for number in range(5):
        await failpoints.hit("elsewhere")
        print(number, flush=True)
        await failpoints.hit("here")
asyncio.run(main())
"""


async def test_production_passes_every_place() -> None:
    await NoFailpoints().hit("anything")


async def test_an_armed_place_does_what_the_test_says_and_counts() -> None:
    failpoints = ArmedFailpoints()

    async def fail() -> None:
        raise OSError("disk")

    failpoints.arm("here", fail)
    await failpoints.hit("elsewhere")
    with pytest.raises(OSError, match="disk"):
        await failpoints.hit("here")
    assert failpoints.hits == {"elsewhere": 1, "here": 1}


def test_a_process_dies_by_sigkill_at_the_armed_hit() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, check=False, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split() == [b"0", b"1", b"2"]
