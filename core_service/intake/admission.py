"""Who may open a stream just now: rejoining agents in, a turn or "come again in so many seconds" out (faults row 73).

After a regional outage thousands come at once. So many open at a time; who finds no turn goes away with a jittered time to come again,
spread over what it takes to let all in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.errors import Transient
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness


class OpeningTurns:
    """At most `at_once` streams open at the same moment in this process."""

    def __init__(self, randomness: Randomness, at_once: int = 64, longest_wait: float = 30.0) -> None:
        self._randomness = randomness
        self._at_once = at_once
        self._longest_wait = longest_wait
        self._opening = 0
        self._turned_away = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn while the block opens a stream; raises Transient(OVERLOADED) with `retry_after` when there is none."""
        if self._opening >= self._at_once:
            self._turned_away += 1
            # The more were turned away since there was room, the wider they are spread.
            ceiling = min(self._longest_wait, 1.0 + self._turned_away / self._at_once)
            sentence = "Many agents rejoin at this moment; come again a little later."
            raise Transient(Reason.OVERLOADED, sentence, retry_after=self._randomness.uniform(0.5, ceiling))
        self._opening += 1
        try:
            yield
        finally:
            self._opening -= 1
            if self._opening == 0:
                self._turned_away = 0
