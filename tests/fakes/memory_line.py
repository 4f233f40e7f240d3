"""The line between agent and core in memory: `UplinkTransport` and `WatchTransport` that a test may cut, half-open or silence at any message.

Messages pass in order or not at all. Cutting ends both sides as gRPC does: the agent gets CORE_UNREACHABLE, the core's handler is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, TypeVar

from adapters.canonical.downlink import News, WatchFrom
from adapters.canonical.uplink import UplinkAnswer, UplinkRequest
from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.deadline import cancelled

Serve = Callable[[AsyncIterator[UplinkRequest]], AsyncGenerator[UplinkAnswer, None]]
ServeWatch = Callable[[WatchFrom], AsyncGenerator[News, None]]


class Fate(Enum):
    """What happens to a message."""

    PASS = auto()
    CUT = auto()
    """It is lost and the line is cut: both sides notice."""
    HALF_OPEN = auto()
    """It is lost and the agent notices; the core goes on with what it has, as a zombie does."""
    SILENCE = auto()
    """It and all that follow in its direction are lost, and nobody notices."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A message on its way: the call's number and the message's in that call and direction, both from 0."""

    call: int
    upwards: bool
    number: int
    message: UplinkRequest | UplinkAnswer | News


def every_message_passes(_: Passing) -> Fate:
    return Fate.PASS


@dataclass
class _Way:
    """One direction of a call."""

    queue: asyncio.Queue[object] = field(default_factory=lambda: asyncio.Queue(maxsize=8))
    number: int = 0
    silent: bool = False


_END = object()
A = TypeVar("A", bound=UplinkAnswer | News)


class MemoryCall(Generic[A]):
    """One call: what `serve` yields comes out of `receive`, what is sent goes into `serve`."""

    def __init__(self, number: int, fate: Callable[[Passing], Fate]) -> None:
        self.number = number
        self.up, self.down = _Way(), _Way()
        self.serving: asyncio.Task[None] | None = None
        self._fate = fate
        self._cut = asyncio.Event()

    async def requests(self) -> AsyncGenerator[UplinkRequest, None]:
        while (message := await self.up.queue.get()) is not _END:
            yield message  # type: ignore[misc] # only requests are put there

    async def serve(self, answers: AsyncGenerator[A, None]) -> None:
        try:
            async with aclosing(answers):
                async for answer in answers:
                    if await self._passes(self.down, answer, upwards=False):
                        await self.down.queue.put(answer)
        except TillstreamError as error:
            await self.down.queue.put(error)
        else:
            await self.down.queue.put(_END)

    async def send(self, message: UplinkRequest) -> None:
        self._check()
        if await self._passes(self.up, message, upwards=True):
            await self._or_cut(self.up.queue.put(message))

    async def receive(self) -> A | None:
        self._check()
        answer = await self._or_cut(self.down.queue.get())
        if isinstance(answer, TillstreamError):
            raise answer
        return None if answer is _END else answer  # type: ignore[return-value] # only answers are put there

    async def half_close(self) -> None:
        """End the agent's side: the core gets no more messages."""
        await self.up.queue.put(_END)

    async def close(self) -> None:
        self._cut.set()
        if self.serving is not None and not self._is_zombie:
            await cancelled(self.serving)

    _is_zombie = False

    async def _passes(self, way: _Way, message: UplinkRequest | UplinkAnswer | News, *, upwards: bool) -> bool:
        passing = Passing(self.number, upwards, way.number, message)
        way.number += 1
        fate = Fate.SILENCE if way.silent else self._fate(passing)
        if fate is Fate.PASS:
            return True
        if fate is Fate.SILENCE:
            way.silent = True
            return False
        self._is_zombie = fate is Fate.HALF_OPEN
        self._cut.set()
        if upwards:
            if self.serving is not None and not self._is_zombie:
                self.serving.cancel()
            self._check()
        elif not self._is_zombie:
            raise asyncio.CancelledError
        return False

    def _check(self) -> None:
        if self._cut.is_set():
            raise Transient(Reason.CORE_UNREACHABLE, "The line was cut.")

    async def _or_cut(self, work: object) -> object:
        working = asyncio.ensure_future(work)  # type: ignore[call-overload] # a coroutine of a queue
        cutting = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({working, cutting}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            self._check()
        finally:
            await cancelled(working, cutting)
        return None


class MemoryLine:
    """Opens calls to a core in the same process. `fate` decides over every message; `down` refuses to connect."""

    def __init__(self, serve: Serve, fate: Callable[[Passing], Fate] = every_message_passes) -> None:
        self.calls: list[MemoryCall[UplinkAnswer]] = []
        self.fate = fate
        self.down = False
        self._serve = serve

    async def open(self) -> MemoryCall[UplinkAnswer]:
        if self.down:
            raise Transient(Reason.CORE_UNREACHABLE, "Nobody listens there.")
        call: MemoryCall[UplinkAnswer] = MemoryCall(len(self.calls), self._decide)
        self.calls.append(call)
        call.serving = asyncio.create_task(call.serve(self._serve(call.requests())))
        return call

    async def close(self) -> None:
        """End what still serves, zombies too."""
        await cancelled(*(call.serving for call in self.calls if call.serving is not None))

    def _decide(self, passing: Passing) -> Fate:
        """Ask the present `fate`: a test may change it under an open call."""
        return self.fate(passing)


class MemoryWatch:
    """Opens watches on a core in the same process."""

    def __init__(self, serve: ServeWatch, fate: Callable[[Passing], Fate] = every_message_passes) -> None:
        self.calls: list[MemoryCall[News]] = []
        self.starts: list[WatchFrom] = []
        self.fate = fate
        self._serve = serve

    async def open(self, start: WatchFrom) -> MemoryCall[News]:
        call: MemoryCall[News] = MemoryCall(len(self.calls), self._decide)
        self.calls.append(call)
        self.starts.append(start)
        call.serving = asyncio.create_task(call.serve(self._serve(start)))
        return call

    async def close(self) -> None:
        """End what still serves."""
        await cancelled(*(call.serving for call in self.calls if call.serving is not None))

    def _decide(self, passing: Passing) -> Fate:
        """Ask the present `fate`: a test may change it under an open call."""
        return self.fate(passing)
