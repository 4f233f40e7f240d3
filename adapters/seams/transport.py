"""The way between agent and core as an injected thing: messages in, messages out; gRPC in production, a pair in memory in tests.

Every method may raise Transient (try again later) or Permanent with the reason that the other side gave.
"""

from __future__ import annotations

from typing import Protocol

from adapters.canonical.downlink import News, WatchFrom
from adapters.canonical.uplink import UplinkAnswer, UplinkRequest


class UplinkCall(Protocol):
    """One open stream. Its messages arrive in order or not at all."""

    async def send(self, message: UplinkRequest) -> None:
        """Hand a message over; returning does not mean that it arrived."""

    async def receive(self) -> UplinkAnswer | None:
        """Return the next answer, None when the core ended the stream in order. Cancelling it ends the stream."""

    async def close(self) -> None:
        """End the stream and free what it holds; raises nothing, and may be called again."""


class UplinkTransport(Protocol):
    """Opens streams to the core."""

    async def open(self) -> UplinkCall:
        """Open a stream."""


class WatchCall(Protocol):
    """One open watch."""

    async def receive(self) -> News | None:
        """Return the next news, None when the core ended the watch in order. Cancelling it ends the watch."""

    async def close(self) -> None:
        """End the watch and free what it holds; raises nothing, and may be called again."""


class WatchTransport(Protocol):
    """Opens watches."""

    async def open(self, start: WatchFrom) -> WatchCall:
        """Open a watch from where the cache stands."""
