"""Which settled entries may be deleted: their ages and sizes, the time and the disk's pressure in, how many from the oldest out. PURE.

Unsettled entries are not among the candidates: money never expires (design, invariant 2). Settled ones are kept longer than a backup
of the core may be old, so that a restored core can ask for them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long settled entries are kept: `keep_for`, under pressure only `keep_under_pressure`; the newest `always` of them in any case."""

    keep_for: timedelta = timedelta(days=14)
    keep_under_pressure: timedelta = timedelta(days=2)
    always: int = 1000


@dataclass(frozen=True, slots=True)
class SettledEntry:
    """A settled entry as retention sees it: when it was settled, and its bytes on the disk."""

    settled_at: datetime
    size: int


def removable(candidates: Sequence[SettledEntry], kept: int, rule: Retention, now: datetime, pressure: int = 0) -> int:
    """Return how many of `candidates` (oldest first) may go.

    `kept` counts all settled entries of the journal, the candidates among them. `pressure` is how many bytes are wanted: once they
    are freed, younger entries stay. An entry that must stay keeps all after it, so that what is left has no holes.
    """
    freed = 0
    for count, candidate in enumerate(candidates):
        age = now - candidate.settled_at
        expired = age > rule.keep_for
        squeezed = freed < pressure and age > rule.keep_under_pressure
        if kept - count <= rule.always or not (expired or squeezed):
            return count
        freed += candidate.size
    return len(candidates)
