"""Tasks that live as long as the process: named works in, each kept running out; a crash is logged, counted and begun anew after a wait.

One work's crash never ends another. Stopping cancels them in the reverse order of their start, each for at most `STOP_SECONDS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapters.seams.backoff import Backoff
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry

log = structlog.get_logger(__name__)

STOP_SECONDS = 5.0
_STEADY_SECONDS = 60.0


class Supervisor:
    """Keeps works running. `crashes` counts them by name, for the status page."""

    def __init__(
        self, clock: Clock, randomness: Randomness, telemetry: Telemetry, backoff: Backoff | None = None
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._telemetry = telemetry
        self._backoff = backoff or Backoff(base=0.5, cap=60.0)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.crashes: dict[str, int] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Keep a work running until `stop`; one that returns has ended for good."""
        if name in self._tasks:
            message = f"{name} is running already"
            raise RuntimeError(message)
        self.crashes[name] = 0
        self._tasks[name] = asyncio.create_task(self._keep(name, work), name=name)

    async def stop(self) -> None:
        """Cancel everything, the last one started first."""
        while self._tasks:
            name, task = self._tasks.popitem()
            task.cancel()
            _, pending = await asyncio.wait((task,), timeout=STOP_SECONDS)
            if pending:
                log.warning("a task does not end and is left behind", task=name)

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            started = self._clock.monotonic()
            try:
                await work()
            except Exception:
                log.exception("a task crashed and is begun anew", task=name)
                self.crashes[name] += 1
                self._telemetry.count("task_crashes", task=name)
                failures = 1 if self._clock.monotonic() - started >= _STEADY_SECONDS else failures + 1
                await self._clock.sleep(self._backoff.delay(failures - 1, self._randomness))
            else:
                return
