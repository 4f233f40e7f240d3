"""Run the checks, two at a time: names of checks in (none means all), one line each out, then what the failed ones said; exit 1 if any failed."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.steps import STEPS, Step

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one check ended."""

    step: Step
    passed: bool
    seconds: float
    output: str

    def line(self) -> str:
        """Return the outcome as one line for a person."""
        verdict = "ok  " if self.passed else "FAIL"
        return f"{verdict}  {self.step.name:<14} {self.seconds:5.1f} s   {self.step.promise}"


async def run_step(step: Step, slots: asyncio.Semaphore) -> Outcome:
    """Run one check when a slot is free, print its line at once and return its outcome."""
    async with slots:
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *step.command(ROOT),
            cwd=ROOT,
            env=environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        outcome = Outcome(
            step=step,
            passed=process.returncode == 0,
            seconds=time.monotonic() - started,
            output=output.decode(errors="replace").strip(),
        )
    print(outcome.line(), flush=True)
    return outcome


def environment() -> dict[str, str]:
    """Return the environment of a check: this interpreter's tools first, this tree importable, no colours."""
    tools = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto")]),
        "NO_COLOR": "1",
    }


async def run_all(steps: Sequence[Step]) -> list[Outcome]:
    """Run the checks, as many at a time as there are cores, in the order given."""
    slots = asyncio.Semaphore(max(2, os.cpu_count() or 1))
    return await asyncio.gather(*(run_step(step, slots) for step in steps))


def chosen(names: Sequence[str]) -> list[Step]:
    """Return the checks of these names, all when there are none; leave with a sentence on an unknown name."""
    known = {step.name: step for step in STEPS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"There is no check named {', '.join(unknown)}. Choose from: {', '.join(known)}.")
    return [known[name] for name in names] or list(STEPS)


def main() -> int:
    """Run what was asked for and return the exit code."""
    started = time.monotonic()
    outcomes = asyncio.run(run_all(chosen(sys.argv[1:])))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n--- {outcome.step.name}: {outcome.step.advice}\n{outcome.output}")
    print(f"\n{len(outcomes) - len(failed)} checks ok, {len(failed)} failed, {time.monotonic() - started:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
