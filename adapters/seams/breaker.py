"""Whether to try a failing destination at all: outcomes and the time in, allowed or not out; pure arithmetic.

closed --failures in a row--> open --cooldown--> half-open --one success--> closed
                                ^---------- one failure ------'
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """State of one destination; times are seconds of a monotonic clock."""

    threshold: int = 5
    cooldown: float = 30.0
    failures: int = 0
    opened_at: float | None = None

    def allows(self, now: float) -> bool:
        """Whether a try may be made: closed, or open for longer than the cooldown (half-open)."""
        return self.opened_at is None or now - self.opened_at >= self.cooldown

    def succeeded(self) -> Breaker:
        """Return the breaker after a success: closed."""
        return replace(self, failures=0, opened_at=None)

    def failed(self, now: float) -> Breaker:
        """Return the breaker after a failure at `now`; the threshold opens it, a failed half-open try opens it anew."""
        failures = self.failures + 1
        return replace(self, failures=failures, opened_at=now if failures >= self.threshold else self.opened_at)
