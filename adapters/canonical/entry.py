"""One journalled message as both processes see it; a till's bytes or an agent's own fact in, chained and numbered out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.canonical.key import BusinessKey


class EntryKind(StrEnum):
    """What an entry is about; the wire's EntryKind without its prefix, in lower case."""

    TILL_DOCUMENT = "till_document"
    REJECTED = "rejected"
    RIGHTS_ACKNOWLEDGED = "rights_acknowledged"
    RIGHTS_RETURNED = "rights_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryId:
    """Identity of an entry in a journal: 16 bytes of epoch, and its sequence from 1."""

    epoch: bytes
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryContent:
    """What the chain covers besides the position: everything that gives the entry its meaning."""

    kind: EntryKind
    transport: str
    dialect: str
    dialect_version: str
    till: str
    raw: bytes
    received_at: datetime
    receipt_id: str
    key: BusinessKey | None = None
    reason: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry in its place: `chain` is the 32-byte hash over this and all entries before it in the epoch."""

    id: EntryId
    content: EntryContent
    chain: bytes
    previous_id: EntryId | None = None
    traceparent: str = ""


class Outcome(StrEnum):
    """What became of an entry; the wire's Outcome without its prefix, in lower case."""

    BOOKED = "booked"
    REPEAT = "repeat"
    AMENDED = "amended"
    NO_EFFECT = "no_effect"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The core's answer to one entry, stored for ever. `reason` is empty when booked."""

    sequence: int
    outcome: Outcome
    reason: str = ""
    sentence: str = ""
    record_id: str = ""
    order_ids: tuple[str, ...] = ()
