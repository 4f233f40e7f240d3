"""Where blocking SQL runs: a function in, its result out; in production on one thread per connection, in the simulation at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Lane(Protocol):
    """One connection's place to run: functions run one after the other, never two at a time."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run a blocking function and return its result or raise its error."""

    def close(self) -> None:
        """Wait for what runs and take no more."""


class Executor(Protocol):
    """Gives each connection its own lane."""

    def lane(self, name: str) -> Lane:
        """Return a new lane; `name` shows in thread listings."""


class ThreadExecutor:
    """Production: one dedicated thread per lane, so that an fsync never holds the event loop."""

    def lane(self, name: str) -> Lane:
        """Return a lane with its own thread."""
        return _ThreadLane(name)


class _ThreadLane:
    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        self._threads.shutdown(wait=True)


class InlineExecutor:
    """Simulation: everything at once on the calling thread, so that one seed gives one order of events."""

    def lane(self, name: str) -> Lane:
        """Return a lane that runs what it is given at once."""
        return _InlineLane()


class _InlineLane:
    async def run(self, work: Callable[[], T]) -> T:
        return work()

    def close(self) -> None:
        return
