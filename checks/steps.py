"""The list of checks: for each its command, what it promises when it passes and what to do when it does not."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

PYTHON_ROOMS = ("adapters", "edge_agent", "core_service", "demo", "bench", "checks", "tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check. `words` is its command; with `rooms`, the Python folders that exist are added to it."""

    name: str
    promise: str
    advice: str
    words: tuple[str, ...]
    rooms: bool = False

    def command(self, root: Path) -> list[str]:
        """Return the command to run in `root`."""
        rooms = [room for room in PYTHON_ROOMS if any((root / room).rglob("*.py"))] if self.rooms else []
        return [*self.words, *rooms]


def _module(name: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *words)


# The slowest stands first, so that the others run beside it.
STEPS = (
    Step(
        name="mypy",
        promise="types hold, strictly",
        advice="mend the type; `# type: ignore[code]` needs a reason beside it",
        words=("mypy", "--no-error-summary"),
        rooms=True,
    ),
    Step(
        name="ruff",
        promise="no lint finding",
        advice="`make format` mends what a machine can; a `noqa` needs its code and a reason",
        words=("ruff", "check", "--quiet", "--output-format=concise", "."),
    ),
    Step(
        name="format",
        promise="formatted",
        advice="run `make format`",
        words=("ruff", "format", "--check", "--quiet", "--output-format=concise", "."),
    ),
    Step(
        name="imports",
        promise="rooms import only what lies below them",
        advice="a layer was reached around; the rules and their reasons stand in .importlinter",
        words=("lint-imports", "--no-logo"),
    ),
    Step(
        name="smells",
        promise="purity, names, sizes, queues, wire, vendors, links",
        advice="each line says what to do",
        words=_module("checks.smells"),
    ),
    Step(
        name="proto-lint",
        promise="contracts follow buf STANDARD + COMMENTS",
        advice="mend the .proto, then run `make proto`",
        words=("buf", "lint", "proto"),
    ),
    Step(
        name="proto-breaking",
        promise="nothing that was released moves on the wire",
        advice="add instead of changing; CONTRIBUTING.md says when the baseline is renewed",
        words=("buf", "breaking", "proto", "--against", "proto/baseline.binpb"),
    ),
    Step(
        name="stubs",
        promise="generated code is that of the .proto files",
        advice="run `make proto` and commit what changes",
        words=_module("checks.stubs"),
    ),
    Step(
        name="dependencies",
        promise="each process declares what it imports",
        advice="each line says what to do",
        words=_module("checks.dependencies"),
    ),
    Step(
        name="reasons",
        promise="docs/reasons.md says what the catalogue says",
        advice="run `.venv/bin/python -m checks.reasons_page` and commit what changes",
        words=_module("checks.reasons_page", "--check"),
    ),
    Step(
        name="locks",
        promise="locks cover pyproject.toml, hashed, without addresses",
        advice="run `make lock` and commit what changes",
        words=_module("checks.locks"),
    ),
)
