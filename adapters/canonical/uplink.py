"""What agent and core say to each other on the way up: plain messages above any transport; nothing in them knows gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from adapters.canonical.entry import Entry, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """How much may be in flight, sent and not settled: entries, and bytes of raw messages. One entry alone may always be."""

    entries: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """The agent's first message: where its journal stands. Chains are 32 bytes, epochs 16; `clock_ms` milliseconds since 1970 UTC."""

    epoch: bytes
    next_sequence: int
    settled_sequence: int
    settled_chain: bytes
    forked_from: bytes = b""
    agent_version: str = ""
    clock_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Entries that the journal lost, `first` to `last`; `chain` is the hash at `last`."""

    first: int
    last: int
    chain: bytes
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBatch:
    """Entries in order, right after the last one sent or after `gap`."""

    entries: tuple[Entry, ...]
    gap: Gap | None = None

    @property
    def last(self) -> int:
        """The sequence that is settled once this batch is."""
        if self.entries:
            return self.entries[-1].id.sequence
        return self.gap.last if self.gap else 0

    @property
    def raw_bytes(self) -> int:
        """What the batch counts against the credit's bytes."""
        return sum(len(entry.content.raw) for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The core's first answer: its watermark in this epoch and the chain hash there (the epoch's genesis at 0)."""

    watermark: int
    chain: bytes
    credit: Credit
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Everything through `through` is committed; one verdict for each entry that this message settles."""

    through: int
    verdicts: tuple[Verdict, ...]
    credit: Credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """The core's last answer: this journal and the core's history disagree from about `sequence` on."""

    sequence: int
    sentence: str


UplinkRequest: TypeAlias = OpenStream | SendBatch
UplinkAnswer: TypeAlias = Opened | Settled | Forked
