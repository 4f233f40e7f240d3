"""Entries as rows and back: a row's values in, canonical `Entry` out, and the other way; knows the columns, decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.canonical.chain import from_microseconds, link, microseconds, raw_digest
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind
from adapters.canonical.key import BusinessKey
from edge_agent.database import Connection

ENTRY_OVERHEAD = 1024
"""Bytes that an entry takes on the disk besides its raw message: row, keys, indexes (measured: 700-1100)."""

_CONTENT = (
    "kind, transport, dialect, dialect_version, till, received_us, receipt_id, key_kind, key_source, key_reference, key_revision, "
    "fingerprint, fingerprint_version, reason, sentence, raw"
)
STORED_COLUMNS = f"id, epoch, sequence, chain, raw_sha256, traceparent, {_CONTENT}"
_INSERT = (
    f"INSERT INTO entry (epoch, sequence, chain, raw_sha256, traceparent, {_CONTENT}) VALUES ({', '.join('?' * 21)})"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry's row: its lasting id, its place, and what was written there."""

    id: int
    epoch: int
    sequence: int
    chain: bytes
    raw_sha256: bytes
    traceparent: str
    content: EntryContent

    def damage(self, previous: bytes) -> str:
        """Say what is wrong with the entry when `previous` is the chain hash before it; empty when it reads as it was written."""
        if raw_digest(self.content.raw) != self.raw_sha256:
            return "the raw message does not have the digest it was written with"
        if link(previous, self.sequence, self.content, self.raw_sha256) != self.chain:
            return "its fields or its place do not have the chain hash they were written with"
        return ""

    def entry(self, epoch: bytes, previous_id: EntryId | None) -> Entry:
        """Return the canonical entry; `epoch` is the id behind the row's epoch number."""
        place = EntryId(epoch=epoch, sequence=self.sequence)
        return Entry(
            id=place, content=self.content, chain=self.chain, previous_id=previous_id, traceparent=self.traceparent
        )


def stored(row: tuple[Any, ...]) -> Stored:
    """Read a row selected by STORED_COLUMNS."""
    try:
        content = _content(row)
    except (ValueError, TypeError, OverflowError):
        content = _illegible(row)
    chain, raw_sha256 = (value if isinstance(value, bytes) else b"" for value in row[3:5])
    return Stored(row[0], row[1], row[2], chain, raw_sha256, str(row[5]), content)


def _content(row: tuple[Any, ...]) -> EntryContent:
    if not isinstance(row[21], bytes):
        raise TypeError(row[21])
    key = None
    if row[15] is not None:
        key = BusinessKey(
            kind=row[13],
            source=row[14],
            reference=row[15],
            revision=row[16],
            fingerprint=row[17],
            fingerprint_version=row[18],
        )
    return EntryContent(
        kind=EntryKind(row[6]),
        transport=row[7],
        dialect=row[8],
        dialect_version=row[9],
        till=row[10],
        received_at=from_microseconds(row[11]),
        receipt_id=row[12],
        key=key,
        reason=row[19],
        sentence=row[20],
        raw=row[21],
    )


def _illegible(row: tuple[Any, ...]) -> EntryContent:
    """Return what is left of a row whose fields were damaged: its chain hash will not match, so that it is put aside."""
    raw = row[21] if isinstance(row[21], bytes) else str(row[21]).encode()
    return EntryContent(
        kind=EntryKind.REJECTED,
        transport=str(row[7]),
        dialect=str(row[8]),
        dialect_version=str(row[9]),
        till=str(row[10]),
        received_at=from_microseconds(0),
        receipt_id=str(row[12]),
        raw=raw,
    )


def insert(connection: Connection, frame: tuple[int, int, bytes, bytes, str], content: EntryContent) -> int:
    """Write an entry and return its lasting id; `frame` is (epoch number, sequence, chain, SHA-256 of raw, traceparent)."""
    key = content.key
    name = (None,) * 6
    named = (
        (key.kind, key.source, key.reference, key.revision, key.fingerprint, key.fingerprint_version) if key else name
    )
    values = (
        *frame,
        content.kind.value,
        content.transport,
        content.dialect,
        content.dialect_version,
        content.till,
        microseconds(content.received_at),
        content.receipt_id,
        *named,
        content.reason,
        content.sentence,
        content.raw,
    )
    written = connection.execute(_INSERT, values).lastrowid
    assert written is not None
    return written


def size(raw: bytes) -> int:
    """Return what an entry counts against the disk budget, in bytes."""
    return len(raw) + ENTRY_OVERHEAD
