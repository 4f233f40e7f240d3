"""What the uplink may do next: credit, what is in flight and what the core answered in, an allowance or an action out. PURE.

    settled ---- in flight (at most the credit) ---- sent | journalled, not sent

A batch is at most what the pace says: halved when a stream fails with something in flight, doubled when full batches settle
(faults row 5). One entry may always be sent when nothing is in flight, however large it is, so that nothing waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from adapters.canonical.uplink import Credit, Opened
from edge_agent.ports import JournalHead

MOST_BATCHES = 4
"""Batches in flight: enough to keep a slow line full, few enough that a cut wastes little and the pace soon learns."""


class Action(StrEnum):
    """What the core's position asks of the agent."""

    GO_ON = "go_on"
    """Both stand at the same place: send from there."""
    AWAIT_VERDICTS = "await_verdicts"
    """The core has committed more than the agent heard: its stored verdicts follow by themselves; send from the watermark."""
    REWIND = "rewind"
    """The core was restored from a backup: take settlements back and send again from the watermark."""
    FORK = "fork"
    """The histories differ: a cloned or restored disk."""


def after_opened(head: JournalHead, opened: Opened, own_chain: bytes | None) -> Action:
    """Decide by the core's watermark; `own_chain` is this journal's hash there, None when it has no such entry.

    Below what retention deleted no hash can be compared. The core had settled those entries once, so that it was restored since.
    """
    if own_chain is None and opened.watermark < head.retired_sequence:
        return Action.REWIND
    if opened.watermark >= head.next_sequence or own_chain != opened.chain:
        return Action.FORK
    if opened.watermark > head.settled_sequence:
        return Action.AWAIT_VERDICTS
    return Action.GO_ON if opened.watermark == head.settled_sequence else Action.REWIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How large a batch may be: entries, and bytes of raw messages. Outlives streams."""

    entries: int = 100
    bytes: int = 256 * 1024
    least_entries: int = 5
    least_bytes: int = 16 * 1024
    most_entries: int = 500
    most_bytes: int = 1024 * 1024

    def shrunk(self) -> Pace:
        """Return half the pace, after a stream failed with something in flight."""
        return replace(
            self, entries=max(self.least_entries, self.entries // 2), bytes=max(self.least_bytes, self.bytes // 2)
        )

    def grown(self) -> Pace:
        """Return twice the pace, after a full batch settled."""
        return replace(
            self, entries=min(self.most_entries, self.entries * 2), bytes=min(self.most_bytes, self.bytes * 2)
        )

    def filled_by(self, entries: int, size: int) -> bool:
        """Whether a batch used most of the pace, so that its settlement says something about a larger one."""
        return 2 * entries >= self.entries or 2 * size >= self.bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch in flight: it is settled with `through`."""

    through: int
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the next batch may hold. One entry may be larger than `bytes` only when nothing is in flight."""

    entries: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One stream's state. `settled_through` is what this stream has settled; `in_flight` is in order."""

    credit: Credit
    sent_through: int
    settled_through: int
    in_flight: tuple[Sent, ...] = ()

    @property
    def entries_in_flight(self) -> int:
        """Entries sent and not settled."""
        return sum(batch.entries for batch in self.in_flight)

    @property
    def bytes_in_flight(self) -> int:
        """Bytes of raw messages sent and not settled."""
        return sum(batch.bytes for batch in self.in_flight)

    def allowance(self, pace: Pace) -> Allowance | None:
        """Return what may be sent now; None when a settlement has to come first."""
        if not self.in_flight:
            return Allowance(max(1, min(pace.entries, self.credit.entries)), max(1, min(pace.bytes, self.credit.bytes)))
        if len(self.in_flight) >= MOST_BATCHES:
            return None
        entries = min(pace.entries, self.credit.entries - self.entries_in_flight)
        size = min(pace.bytes, self.credit.bytes - self.bytes_in_flight)
        return Allowance(entries, size) if entries > 0 and size > 0 else None

    def covers(self, sizes: Iterable[int], pace: Pace) -> int:
        """Return how many of the entries read, given their sizes in order, may be sent now."""
        allowed = self.allowance(pace)
        if allowed is None:
            return 0
        count, total = 0, 0
        for size in sizes:
            total += size
            alone = count == 0 and not self.in_flight
            if count >= allowed.entries or (total > allowed.bytes and not alone):
                break
            count += 1
        return count

    def sent(self, batch: Sent) -> Window:
        """Return the window with a batch in flight."""
        return replace(self, sent_through=batch.through, in_flight=(*self.in_flight, batch))

    def settled(self, through: int, credit: Credit) -> Window:
        """Return the window after a settlement; a batch stays in flight until all of it is settled."""
        left = tuple(batch for batch in self.in_flight if batch.through > through)
        return replace(self, credit=credit, settled_through=max(self.settled_through, through), in_flight=left)

    def settling(self, through: int) -> tuple[Sent, ...]:
        """Return the batches that a settlement through a sequence completes."""
        return tuple(batch for batch in self.in_flight if batch.through <= through)
