"""How much a till's refused messages may take of the journal: size and time in, the new allowance and yes or no out. PURE.

A token bucket for messages and one for bytes, both full at the start and refilled evenly over an hour: a till that has gone mad fills no
disk, and an hour later its mistakes are kept again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionLimits:
    """What one till may have kept an hour."""

    messages_per_hour: int = 120
    bytes_per_hour: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left at the monotonic second `at`."""

    messages: float
    size: float
    at: float


def full(limits: RejectionLimits, now: float) -> Allowance:
    """Return a whole hour's allowance."""
    return Allowance(messages=float(limits.messages_per_hour), size=float(limits.bytes_per_hour), at=now)


def spend(left: Allowance, size: int, limits: RejectionLimits, now: float) -> tuple[Allowance, bool]:
    """Return the allowance after a message of `size` bytes at `now`, and whether it may be kept; a refused one costs nothing."""
    elapsed = max(0.0, now - left.at)
    messages = min(float(limits.messages_per_hour), left.messages + elapsed * limits.messages_per_hour / _HOUR)
    room = min(float(limits.bytes_per_hour), left.size + elapsed * limits.bytes_per_hour / _HOUR)
    refilled = Allowance(messages=messages, size=room, at=max(left.at, now))
    if messages < 1 or room < size:
        return refilled, False
    return replace(refilled, messages=messages - 1, size=room - size), True
