"""The journal's hash chain: contents in order in, one 32-byte hash per position out; an altered, missing or foreign entry shows.

    chain(0) = SHA-256("tillstream-chain-v1", epoch)
    chain(n) = SHA-256(chain(n-1), n, fields of entry n, each length-prefixed; of `raw` only its SHA-256)

The raw bytes enter by their digest, so that the chain can still be checked after they were erased (invariant 15).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from adapters.canonical.entry import EntryContent
from adapters.canonical.key import length_prefixed

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def genesis(epoch: bytes) -> bytes:
    """Return the hash before the first entry of an epoch (16 bytes)."""
    return hashlib.sha256(length_prefixed(b"tillstream-chain-v1", epoch)).digest()


def raw_digest(raw: bytes) -> bytes:
    """Return the digest of a message that stays when the message is erased, 32 bytes."""
    return hashlib.sha256(raw).digest()


def link(previous: bytes, sequence: int, content: EntryContent, raw_sha256: bytes | None = None) -> bytes:
    """Return the hash at `sequence`; `raw_sha256` stands in for the raw bytes when they are gone."""
    key = content.key
    parts = (
        previous,
        sequence.to_bytes(8, "big"),
        content.kind.encode(),
        content.transport.encode(),
        content.dialect.encode(),
        content.dialect_version.encode(),
        content.till.encode(),
        raw_sha256 if raw_sha256 is not None else raw_digest(content.raw),
        microseconds(content.received_at).to_bytes(8, "big", signed=True),
        content.receipt_id.encode(),
        *(
            (
                key.kind.encode(),
                key.source.encode(),
                key.reference.encode(),
                key.revision.to_bytes(8, "big", signed=True),
                key.fingerprint,
                key.fingerprint_version.to_bytes(4, "big"),
            )
            if key
            else ()
        ),
        content.reason.encode(),
        content.sentence.encode(),
    )
    return hashlib.sha256(length_prefixed(*parts)).digest()


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970 UTC, exact (no float in between)."""
    return (moment - _EPOCH_START) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the aware UTC datetime of whole microseconds since 1970."""
    return _EPOCH_START + value * _MICROSECOND
