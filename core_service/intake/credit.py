"""How much an agent may have in flight: the writer's backlog in, credit out; shrinks as the backlog grows, so that all keep moving. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.canonical.uplink import Credit

FULL = Credit(entries=1000, bytes=2 * 1024 * 1024)
LEAST = Credit(entries=20, bytes=128 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPolicy:
    """`full` while at most `easy_backlog` entries wait to be written; `least` is what an agent always has."""

    full: Credit = FULL
    least: Credit = LEAST
    easy_backlog: int = 2000

    def grant(self, backlog: int) -> Credit:
        """Return the credit while so many entries wait: full, then in inverse proportion to the backlog, never below the least."""
        if backlog <= self.easy_backlog:
            return self.full
        return Credit(
            entries=max(self.least.entries, self.full.entries * self.easy_backlog // backlog),
            bytes=max(self.least.bytes, self.full.bytes * self.easy_backlog // backlog),
        )

    def exceeded_by(self, entries: int, size: int) -> bool:
        """Whether no agent may ever have so much in flight; one entry alone always may. Shrunk credit is not enforced: it may cross a batch."""
        return entries > max(1, self.full.entries) or (entries > 1 and size > self.full.bytes)
