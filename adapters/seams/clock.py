"""Time as an injected thing: asks in, aware UTC moments and sleeps out; virtual time moves only when told."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What product code may know of time. Order and leases use `monotonic`, records use `now`."""

    def now(self) -> datetime:
        """Return the aware UTC wall time; it may jump."""

    def monotonic(self) -> float:
        """Return seconds that never go back; no relation to wall time."""

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of this clock."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Return the machine's wall time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """Time that moves only by `advance`; sleepers wake in order of their due time, then of their going to sleep."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Return the virtual wall time."""
        return self._now

    def monotonic(self) -> float:
        """Return virtual seconds since the clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Return once `advance` has passed the due time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), future))
        await future

    def jump(self, seconds: float) -> None:
        """Set the wall time off by so many seconds, as a wrong or corrected clock does; monotonic time is untouched."""
        self._now += timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass and wake who is due."""
        self._elapsed += seconds
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)


_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


def to_millis(moment: datetime) -> int:
    """Return whole milliseconds since 1970 UTC, the form in SQL columns."""
    return (moment - _EPOCH_START) // timedelta(milliseconds=1)


def from_millis(value: int) -> datetime:
    """Return the aware UTC datetime of milliseconds since 1970."""
    return _EPOCH_START + timedelta(milliseconds=value)
