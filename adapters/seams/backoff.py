"""How long to wait before the next try: attempts in, seconds out; full jitter, bounded (AWS Architecture Blog, 2015)."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.seams.randomness import Randomness


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter between zero and min(cap, base * 2^attempt) seconds."""

    base: float = 0.2
    cap: float = 30.0

    def delay(self, attempt: int, randomness: Randomness) -> float:
        """Return the seconds to wait after failed attempt number `attempt`, counted from 0."""
        return randomness.uniform(0.0, self.ceiling(attempt))

    def ceiling(self, attempt: int) -> float:
        """Return the longest wait after failed attempt number `attempt`."""
        return min(self.cap, self.base * 2.0 ** min(attempt, 32))
