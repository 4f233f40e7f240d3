"""What every command needs: settings and an open store in, a coroutine's answer as sentences or JSON out, errors as one sentence with the next step."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from adapters.errors import Permanent, TillstreamError
from adapters.reasons import Reason
from adapters.seams.clock import Clock, SystemClock
from adapters.seams.randomness import Randomness, SystemRandomness
from core_service.ports.unit_of_work import CoreStore, UnitOfWork
from core_service.settings import Settings, load

T = TypeVar("T")

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?\+00:00$")

MOST_LISTED = 10_000
"""Rows of a listing on the command line."""

ACTOR = "command line"
"""Who did it, in the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a command runs in."""

    settings: Settings
    clock: Clock
    randomness: Randomness

    @asynccontextmanager
    async def store(self) -> AsyncIterator[CoreStore]:
        """Open the database for one command."""
        from core_service.sealing.master_key import load_master_key
        from core_service.store import open_core

        key = load_master_key(self.settings.directory / "master.key", self.randomness)
        opened = await open_core(self.settings.database, sealing=key, clock=self.clock, randomness=self.randomness)
        try:
            yield opened
        finally:
            await opened.close()


def surroundings(config: Path | None) -> Surroundings:
    """Return the surroundings of a settings file."""
    return Surroundings(settings=load(config), clock=SystemClock(), randomness=SystemRandomness())


async def known_tenant(store: CoreStore, tenant: str) -> str:
    """Return the tenant; raise Permanent(REFERENCE_UNKNOWN) with the next step when there is none."""
    if await store.platform.tenant(tenant) is None:
        sentence = f"There is no tenant {tenant!r}; create it with `core-service tenant put {tenant} --name ...`."
        raise Permanent(Reason.REFERENCE_UNKNOWN, sentence, path="tenant")
    return tenant


async def of_tenant(
    here: Surroundings, tenant: str, read: Callable[[UnitOfWork], Awaitable[Sequence[T]]]
) -> Sequence[T]:
    """Return what `read` finds in one snapshot of a tenant; raise Permanent(REFERENCE_UNKNOWN) when there is no such tenant."""
    async with here.store() as store, store.read(await known_tenant(store, tenant)) as uow:
        return await read(uow)


def finish(work: Awaitable[T]) -> T:
    """Run a command's coroutine to its end; an error becomes one sentence on standard error and exit code 1."""

    async def awaited() -> T:
        return await work

    try:
        return asyncio.run(awaited())
    except TillstreamError as error:
        fail(error)


def fail(error: TillstreamError) -> NoReturn:
    """Say what went wrong and end with exit code 1."""
    at = f" (at {error.path})" if error.path else ""
    click.echo(f"{error.reason}: {error.sentence}{at}", err=True)
    sys.exit(1)


def say(answer: Any, *, as_json: bool, sentence: Callable[[], str]) -> None:
    """Print an answer: JSON for scripts, else the sentence."""
    click.echo(json.dumps(answer, default=str, ensure_ascii=False) if as_json else sentence())


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Return rows as aligned text, one line each, with a head; an empty list says so."""
    if not rows:
        return "(none)"
    cells = [list(columns), *([cell(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def cell(value: Any) -> str:
    """Return a value as people read it: yes or no, times to the second."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _TIME.sub(r"\1 \2 UTC", str(value))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
tenant_option = click.option("--tenant", required=True, help="Whose.")
