"""The worker: due work in, each piece handed to its handler once at a time, done, tried later or parked; promises bounds and isolation.

    claim (lease, fence) -> handler -> complete | retry | park        every step refused when the fence is no longer ours

A tenant's destination that fails opens its breaker and is left out of claims; one that is slow fills only its own share (bulkhead).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.breaker import Breaker
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from core_service.domain.work import ClaimedWork, WorkKind
from core_service.ports.work import TenantDestination, WorkClaims
from core_service.work.retry import Park, after_failure

log = structlog.get_logger(__name__)

Handler = Callable[[ClaimedWork], Awaitable[None]]
"""Does one piece of work; raises Transient or Permanent. Doing it twice has one effect."""
ParkedWork = Callable[[ClaimedWork, Reason, str], Awaitable[None]]
"""Tells people about parked work (an exception record)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Bounds of the worker. The lease is longer than the handler's deadline, so that nothing needs renewing."""

    concurrency: int = 16
    per_destination: int = 4
    handler_seconds: float = 40.0
    lease_seconds: float = 60.0
    poll_seconds: float = 1.0
    backoff: Backoff = Backoff(base=0.5, cap=300.0)


@dataclass(kw_only=True)
class WorkerSeams:
    """What the worker is given from outside."""

    clock: Clock
    randomness: Randomness
    failpoints: Failpoints
    telemetry: Telemetry


@dataclass(kw_only=True)
class Worker:
    """Runs until cancelled; `wake` makes it look at once."""

    claims: WorkClaims
    handlers: Mapping[WorkKind, Handler]
    parked: ParkedWork
    seams: WorkerSeams
    owner: str
    settings: WorkerSettings = field(default_factory=WorkerSettings)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _busy: Counter[TenantDestination] = field(default_factory=Counter)
    _breakers: dict[TenantDestination, Breaker] = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look for due work now: something was enqueued."""
        self._woken.set()

    async def run(self) -> None:
        """Claim and hand out work until cancelled; then wait for what runs, bounded by the handlers' deadline."""
        try:
            while True:
                claimed = await self._claim()
                for work in claimed:
                    self._start(work)
                if not claimed:
                    await self._rest()
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def step(self) -> int:
        """Claim once, finish what was claimed, and return how many pieces there were: for tests and the simulation."""
        claimed = await self._claim()
        for work in claimed:
            self._start(work)
        await asyncio.gather(*self._running.values())
        return len(claimed)

    async def _claim(self) -> list[ClaimedWork]:
        self._woken.clear()
        room = min(self.settings.concurrency - len(self._running), self.settings.per_destination)
        if room <= 0:
            return []
        try:
            return await self.claims.claim(
                self.owner, self.seams.clock.now(), self.settings.lease_seconds, room, self._closed_destinations()
            )
        except TillstreamError as error:
            self.seams.telemetry.count("work_claim_failures", reason=error.reason)
            log.warning("work could not be claimed", reason=error.reason, sentence=error.sentence)
            await self.seams.clock.sleep(self.settings.poll_seconds)
            return []

    def _closed_destinations(self) -> list[TenantDestination]:
        now = self.seams.clock.monotonic()
        full = {name for name, count in self._busy.items() if count >= self.settings.per_destination}
        broken = {name for name, breaker in self._breakers.items() if not breaker.allows(now)}
        return sorted(full | broken)

    async def _rest(self) -> None:
        waker = asyncio.ensure_future(self._woken.wait())
        pause = asyncio.ensure_future(self.seams.clock.sleep(self.settings.poll_seconds))
        try:
            await asyncio.wait({waker, pause, *self._running.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waker, pause):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _start(self, work: ClaimedWork) -> None:
        key = f"{work.tenant}/{work.work_id}/{work.fence}"
        self._busy[_place(work)] += 1
        task = asyncio.create_task(self._do(work), name=key)
        self._running[key] = task
        task.add_done_callback(lambda _: self._finished(key, _place(work)))

    def _finished(self, key: str, place: TenantDestination) -> None:
        del self._running[key]
        self._busy[place] -= 1
        if not self._busy[place]:
            del self._busy[place]

    async def _do(self, work: ClaimedWork) -> None:
        try:
            await self._handle(work)
        except TillstreamError as error:
            await self._failed(work, error)
        except Exception as error:
            log.exception("a work handler failed", kind=work.kind, subject=work.subject)
            sentence = f"The handler of {work.kind} failed with {type(error).__name__}; see the log."
            await self._failed(work, Transient(Reason.INTERNAL, sentence))
        else:
            await self._done(work)

    async def _handle(self, work: ClaimedWork) -> None:
        await self.seams.failpoints.hit("work.claimed")
        try:
            async with asyncio.timeout(self.settings.handler_seconds):
                await self.handlers[work.kind](work)
        except TimeoutError as error:
            sentence = f"{work.kind} took longer than {self.settings.handler_seconds:.0f} seconds."
            raise Transient(Reason.OVERLOADED, sentence) from error
        await self.seams.failpoints.hit("work.handled")

    async def _done(self, work: ClaimedWork) -> None:
        self._breakers.pop(_place(work), None)
        held = await self.claims.complete(work, self.seams.clock.now())
        self.seams.telemetry.count("work_done", kind=work.kind, held="yes" if held else "no")

    async def _failed(self, work: ClaimedWork, error: TillstreamError) -> None:
        now = self.seams.clock.now()
        if isinstance(error, Transient):
            breaker = self._breakers.get(_place(work), Breaker())
            self._breakers[_place(work)] = breaker.failed(self.seams.clock.monotonic())
        decision = after_failure(
            error, work.attempt, work.max_attempts, now, self.settings.backoff, self.seams.randomness
        )
        self.seams.telemetry.count("work_failures", kind=work.kind, reason=error.reason)
        log.warning("work failed", kind=work.kind, subject=work.subject, reason=error.reason, sentence=error.sentence)
        if isinstance(decision, Park):
            # The exception first: a crash in between shows it twice, never not at all (its id is derived).
            await self.parked(work, decision.reason, decision.sentence)
            await self.claims.park(work, now, decision.reason, decision.sentence)
        else:
            await self.claims.retry(work, decision.due_at, decision.reason, decision.sentence)


def _place(work: ClaimedWork) -> TenantDestination:
    """Return what shares a breaker and a limit: never two tenants, whose warehouses may be called alike."""
    return (work.tenant, work.destination)
