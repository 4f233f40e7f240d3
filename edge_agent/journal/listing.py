"""What a technician sees of a journal: a place to go on from in, a page of entries or one whole entry out; reads only.

Works on a running agent's journal, on a stopped one's, and on an export.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.canonical.chain import from_microseconds
from adapters.canonical.entry import EntryId
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent import database_failure, database_file
from edge_agent.database import Connection
from edge_agent.journal import fork, rows

_SUMMARY = (
    "SELECT entry.id, epoch.id, entry.sequence, entry.kind, entry.till, coalesce(entry.key_kind, ''), coalesce(entry.key_reference, ''), "
    "coalesce(entry.key_revision, 0), entry.receipt_id, entry.received_us, length(entry.raw), entry.sequence <= epoch.settled_sequence, "
    "coalesce(verdict.outcome, ''), coalesce(verdict.reason, entry.reason), coalesce(verdict.sentence, entry.sentence), "
    "coalesce(verdict.record_id, ''), coalesce(verdict.order_ids, '[]') "
    "FROM entry JOIN epoch ON epoch.number = entry.epoch LEFT JOIN verdict ON verdict.entry = entry.id "
)


@dataclass(frozen=True, slots=True)
class Summary:
    """One line about an entry. `number` is its lasting number in this file, to go on from; `size` counts raw bytes."""

    number: int
    place: EntryId
    kind: str
    till: str
    document: str
    reference: str
    revision: int
    receipt_id: str
    received_at: datetime
    size: int
    settled: bool
    outcome: str
    reason: str
    sentence: str
    record_id: str
    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything about an entry, the (masked) raw message included."""

    summary: Summary
    dialect: str
    dialect_version: str
    transport: str
    previous_id: EntryId | None
    chain: bytes
    raw: bytes


@contextmanager
def inspected(path: Path) -> Iterator[Connection]:
    """Open a journal or an export for reading; raise Permanent(NOT_FOUND | JOURNAL_UNAVAILABLE) with the next step."""
    if not path.exists():
        raise Permanent(Reason.NOT_FOUND, f"There is no journal at {path}: name the agent's data directory.")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = database_file.legible
    try:
        yield connection
    except sqlite3.Error as error:
        raise database_failure.cannot_open(path, error) from error
    finally:
        connection.close()


def page(
    connection: Connection, *, after: int = 0, limit: int = 50, unsettled: bool = False, till: str = ""
) -> list[Summary]:
    """Return up to `limit` entries numbered after `after`, oldest first, of one till or all, settled or not."""
    found = connection.execute(
        _SUMMARY
        + "WHERE entry.id > ? AND (? = '' OR entry.till = ?) AND (NOT ? OR entry.sequence > epoch.settled_sequence) "
        "ORDER BY entry.id LIMIT ?",
        (after, till, till, unsettled, limit),
    )
    return [_summary(row) for row in found]


def show(connection: Connection, name: str) -> Whole:
    """Return the entry with a receipt id or a number; raise Permanent(NOT_FOUND)."""
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else -1
    row = connection.execute(
        _SUMMARY
        + "WHERE entry.id = ? OR (entry.receipt_id = ? AND entry.receipt_id <> '') ORDER BY entry.id DESC LIMIT 1",
        (number, name),
    ).fetchone()
    if row is None:
        sentence = f"The journal has no entry {name!r}: name a receipt id or a number from `journal list`; settled ones go after their retention."
        raise Permanent(Reason.NOT_FOUND, sentence)
    stored = rows.stored(
        connection.execute(f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE id = ?", (row[0],)).fetchone()
    )
    return Whole(
        summary=_summary(row),
        dialect=stored.content.dialect,
        dialect_version=stored.content.dialect_version,
        transport=stored.content.transport,
        previous_id=fork.previous_id(connection, stored.id),
        chain=stored.chain,
        raw=stored.content.raw,
    )


def _summary(row: tuple[Any, ...]) -> Summary:
    (
        number,
        epoch,
        sequence,
        kind,
        till,
        document,
        reference,
        revision,
        receipt_id,
        received_us,
        size,
        settled,
        *verdict,
    ) = row
    outcome, reason, sentence, record_id, order_ids = verdict
    return Summary(
        number=number,
        place=EntryId(epoch=epoch, sequence=sequence),
        kind=kind,
        till=till,
        document=document,
        reference=reference,
        revision=revision,
        receipt_id=receipt_id,
        received_at=from_microseconds(received_us),
        size=size,
        settled=bool(settled),
        outcome=outcome,
        reason=reason,
        sentence=sentence,
        record_id=record_id,
        order_ids=tuple(json.loads(order_ids)),
    )
