"""Numbers what was committed and wakes who waits for it: committed changes in, newest revisions out, after commit, by one process at a time.

    commit --poke--> number (under the lease) --> heads --> watchers of the audiences that have news

Without a poke, or on a replica that does not hold the lease, the same is found by looking every `poll_seconds`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from adapters.errors import TillstreamError
from adapters.seams.clock import Clock
from adapters.seams.deadline import first_of
from adapters.seams.telemetry import Telemetry
from core_service.ports.work import FeedNumbering

log = structlog.get_logger(__name__)

LEASE = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberingOptions:
    """Seconds, and how many changes are numbered in one transaction. A holder renews after a third of its lease."""

    poll_seconds: float = 0.1
    lease_seconds: float = 15.0
    trouble_seconds: float = 1.0
    at_once: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSeams:
    """What is injected."""

    clock: Clock
    telemetry: Telemetry


class Heads:
    """The newest revision of each (tenant, audience), as far as this process has seen; whoever waits for a higher one is woken."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, str], int] = {}
        self._waiting: dict[tuple[str, str], asyncio.Event] = {}

    def take(self, heads: dict[tuple[str, str], int]) -> None:
        """Take over what the database says, and wake the audiences that have news."""
        before, self._heads = self._heads, heads
        for audience in [name for name in self._waiting if heads.get(name, 0) > before.get(name, 0)]:
            self._waiting.pop(audience).set()

    async def beyond(self, audience: tuple[str, str], revision: int) -> None:
        """Return as soon as the audience has a revision above the given one."""
        while self._heads.get(audience, 0) <= revision:
            await self._waiting.setdefault(audience, asyncio.Event()).wait()


class Numbering:
    """The numbering loop of this process; `run` is kept as a task by app.py. `owner` is unique to the process."""

    def __init__(
        self, feed: FeedNumbering, heads: Heads, seams: FeedSeams, owner: str, options: NumberingOptions | None = None
    ) -> None:
        self._feed = feed
        self._heads = heads
        self._seams = seams
        self._owner = owner
        self._options = options or NumberingOptions()
        self._poked = asyncio.Event()
        self._fence: int | None = None
        self._renew_at = seams.clock.monotonic()
        self._round_at: float | None = None

    def poke(self) -> None:
        """Look at once: something was committed."""
        self._poked.set()

    @property
    def seconds_since_round(self) -> float | None:
        """Seconds since numbering last worked, None before the first time; for readiness."""
        return None if self._round_at is None else self._seams.clock.monotonic() - self._round_at

    async def run(self) -> None:
        """Number until cancelled; trouble is counted and tried again."""
        while True:
            try:
                await self.round()
            except TillstreamError as error:
                self._seams.telemetry.count("feed_failures", reason=error.reason)
                await self._seams.clock.sleep(self._options.trouble_seconds)
            except Exception as error:
                log.exception("numbering the feed failed")
                self._seams.telemetry.count("feed_failures", reason=type(error).__name__)
                await self._seams.clock.sleep(self._options.trouble_seconds)
            await first_of(self._until_poked(), self._seams.clock.sleep(self._options.poll_seconds))

    async def round(self) -> None:
        """Number everything that is committed now, if the lease is ours, and look where the audiences stand."""
        self._poked.clear()
        await self._hold()
        numbered = 0
        if self._fence is not None:
            while count := await self._feed.number(LEASE, self._fence, self._options.at_once):
                numbered += count
        if numbered or self._fence is None or self._round_at is None:
            self._heads.take(await self._feed.heads())
        if numbered:
            self._seams.telemetry.count("feed_numbered", numbered)
        self._round_at = self._seams.clock.monotonic()

    async def _hold(self) -> None:
        now = self._seams.clock.monotonic()
        if now < self._renew_at:
            return
        wall = self._seams.clock.now()
        self._fence = await self._feed.hold_lease(LEASE, self._owner, wall, self._options.lease_seconds)
        self._renew_at = now + self._options.lease_seconds / 3
        self._seams.telemetry.gauge("feed_lease_held", float(self._fence is not None))

    async def _until_poked(self) -> None:
        await self._poked.wait()
