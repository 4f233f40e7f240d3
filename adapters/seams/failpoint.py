"""Named places where a test may crash, fail or hold the product: a name in, nothing out; free in production."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Protocol


class Failpoints(Protocol):
    """Hit by product code at every named place."""

    async def hit(self, name: str) -> None:
        """Pass the place `name`; does nothing unless a test has armed it."""


class NoFailpoints:
    """Production: every place is passed."""

    async def hit(self, name: str) -> None:
        """Pass."""


class ArmedFailpoints:
    """Tests: a place calls what was armed for it, which may raise, wait or kill."""

    def __init__(self) -> None:
        self.hits: dict[str, int] = {}
        self._actions: dict[str, Callable[[], Awaitable[None]]] = {}

    def arm(self, name: str, action: Callable[[], Awaitable[None]]) -> None:
        """Call `action` whenever `name` is hit."""
        self._actions[name] = action

    async def hit(self, name: str) -> None:
        """Count the hit and call the armed action, if any."""
        self.hits[name] = self.hits.get(name, 0) + 1
        if action := self._actions.get(name):
            await action()


class KillingFailpoints:
    """Real processes under test: SIGKILL to oneself at the n-th hit, armed by text such as `ingest.committed:3`."""

    def __init__(self, armed: str) -> None:
        name, _, count = armed.partition(":")
        self._name = name
        self._left = int(count or "1")

    async def hit(self, name: str) -> None:
        """Count down and die at the armed hit."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
