"""The inbox: entries with their verdicts in, verdicts for repeats out; kept for ever, without the raw bytes (those are sealed)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, literal_column, select, update

from adapters.canonical.chain import from_microseconds, microseconds, raw_digest
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind, Outcome, Verdict
from adapters.canonical.key import BusinessKey
from adapters.seams.clock import from_millis, to_millis
from core_service.ports.ingest import InboxRow
from core_service.store.tables.ingest import inbox
from core_service.store.transaction import Transaction, Values

_HAS_RECEIPT = inbox.c.receipt_id != literal_column("''")
"""Spelt as in the index, without a parameter, or the index would not serve."""

_NO_KEY: Values = {
    "key_kind": None,
    "key_source": None,
    "key_reference": None,
    "key_revision": None,
    "key_fingerprint": None,
    "key_fingerprint_version": None,
}


class SqlInbox:
    """Inbox of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, rows: Sequence[InboxRow]) -> None:
        """Record entries with their verdicts."""
        await self._transaction.add(inbox, [_to_values(row) for row in rows])

    async def verdicts(self, agent: str, epoch: bytes, after: int, through: int) -> list[Verdict]:
        """Return the stored verdicts with after < sequence <= through, in order."""
        rows = await self._transaction.rows(
            select(
                inbox.c.sequence,
                inbox.c.outcome,
                inbox.c.verdict_reason,
                inbox.c.verdict_sentence,
                inbox.c.record_id,
                inbox.c.order_ids,
            )
            .where(
                self._transaction.mine(inbox),
                inbox.c.agent == agent,
                inbox.c.epoch == epoch,
                inbox.c.sequence > after,
                inbox.c.sequence <= through,
            )
            .order_by(inbox.c.sequence)
        )
        return [_verdict(row) for row in rows]

    async def get(self, agent: str, epoch: bytes, sequence: int) -> InboxRow | None:
        """Return one entry with its verdict (raw bytes empty: they are sealed), for a replay."""
        row = await self._transaction.row(
            select(inbox).where(
                self._transaction.mine(inbox),
                inbox.c.agent == agent,
                inbox.c.epoch == epoch,
                inbox.c.sequence == sequence,
            )
        )
        return _from_row(row) if row else None

    async def by_receipt(self, receipt_id: str) -> InboxRow | None:
        """Return the entry that was given this receipt (raw bytes empty: they are sealed); the first when it was journalled again."""
        row = await self._transaction.row(
            select(inbox)
            .where(self._transaction.mine(inbox), inbox.c.receipt_id == receipt_id, _HAS_RECEIPT)
            .order_by(inbox.c.committed_at, inbox.c.agent, inbox.c.epoch, inbox.c.sequence)
            .limit(1)
        )
        return _from_row(row) if row else None

    async def replace_verdict(self, agent: str, epoch: bytes, verdict: Verdict) -> None:
        """Set an entry's verdict after a replay of its exception."""
        await self._transaction.execute(
            update(inbox)
            .where(
                self._transaction.mine(inbox),
                inbox.c.agent == agent,
                inbox.c.epoch == epoch,
                inbox.c.sequence == verdict.sequence,
            )
            .values(_verdict_values(verdict))
        )


def _to_values(row: InboxRow) -> Values:
    entry, content = row.entry, row.entry.content
    previous = entry.previous_id
    return {
        "agent": row.agent,
        "epoch": entry.id.epoch,
        "sequence": entry.id.sequence,
        "store": row.store,
        "kind": content.kind.value,
        "transport": content.transport,
        "dialect": content.dialect,
        "dialect_version": content.dialect_version,
        "till": content.till,
        "raw_sha256": raw_digest(content.raw),
        "received_at_us": microseconds(content.received_at),
        "receipt_id": content.receipt_id,
        **_key_values(content.key),
        "reason": content.reason,
        "sentence": content.sentence,
        "chain": entry.chain,
        "previous_epoch": previous.epoch if previous else b"",
        "previous_sequence": previous.sequence if previous else 0,
        "traceparent": entry.traceparent,
        **_verdict_values(row.verdict),
        "raw_id": row.raw_id,
        "committed_at": to_millis(row.committed_at),
    }


def _key_values(key: BusinessKey | None) -> Values:
    if key is None:
        return _NO_KEY
    return {
        "key_kind": key.kind,
        "key_source": key.source,
        "key_reference": key.reference,
        "key_revision": key.revision,
        "key_fingerprint": key.fingerprint,
        "key_fingerprint_version": key.fingerprint_version,
    }


def _verdict_values(verdict: Verdict) -> Values:
    return {
        "outcome": verdict.outcome.value,
        "verdict_reason": verdict.reason,
        "verdict_sentence": verdict.sentence,
        "record_id": verdict.record_id,
        "order_ids": msgspec.json.encode(verdict.order_ids).decode(),
    }


def _verdict(row: Row[Any]) -> Verdict:
    return Verdict(
        sequence=row.sequence,
        outcome=Outcome(row.outcome),
        reason=row.verdict_reason,
        sentence=row.verdict_sentence,
        record_id=row.record_id,
        order_ids=msgspec.json.decode(row.order_ids, type=tuple[str, ...]),
    )


def _from_row(row: Row[Any]) -> InboxRow:
    content = EntryContent(
        kind=EntryKind(row.kind),
        transport=row.transport,
        dialect=row.dialect,
        dialect_version=row.dialect_version,
        till=row.till,
        raw=b"",
        received_at=from_microseconds(row.received_at_us),
        receipt_id=row.receipt_id,
        key=_key(row),
        reason=row.reason,
        sentence=row.sentence,
    )
    previous = EntryId(epoch=row.previous_epoch, sequence=row.previous_sequence) if row.previous_epoch else None
    entry = Entry(
        id=EntryId(epoch=row.epoch, sequence=row.sequence),
        content=content,
        chain=row.chain,
        previous_id=previous,
        traceparent=row.traceparent,
    )
    return InboxRow(
        agent=row.agent,
        store=row.store,
        entry=entry,
        verdict=_verdict(row),
        raw_id=row.raw_id,
        committed_at=from_millis(row.committed_at),
    )


def _key(row: Row[Any]) -> BusinessKey | None:
    if row.key_kind is None:
        return None
    return BusinessKey(
        kind=row.key_kind,
        source=row.key_source,
        reference=row.key_reference,
        revision=row.key_revision,
        fingerprint=row.key_fingerprint,
        fingerprint_version=row.key_fingerprint_version,
    )
