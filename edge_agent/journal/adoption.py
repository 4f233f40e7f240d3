"""An exported file in, its entries journalled again in the present epoch out: `edge-agent journal import` on the new box.

Each entry keeps its receipt, its time and its former place. Doing it twice, or after tills have sent the same sales to the new box,
journals nothing twice: places and business keys tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.canonical.chain import raw_digest
from adapters.canonical.entry import EntryContent, EntryId, EntryKind
from adapters.canonical.quantity import from_micro
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent import database_file
from edge_agent.database import Connection
from edge_agent.journal import append, epochs, export, rows
from edge_agent.ports import OwnMovement


@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry of another box's journal, with all that hangs on it. `places` are where it stood, the last one last."""

    content: EntryContent
    traceparent: str
    places: tuple[EntryId, ...]
    movements: tuple[OwnMovement, ...]
    repeat_keys: tuple[tuple[str, str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What an import did: entries journalled, entries that were here already, and damaged ones (journalled as rejected)."""

    journalled: int = 0
    known: int = 0
    damaged: int = 0

    def plus(self, other: Adopted) -> Adopted:
        """Add up two parts."""
        return Adopted(self.journalled + other.journalled, self.known + other.known, self.damaged + other.damaged)


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """Open an export and check its manifest; raise Permanent(NOT_FOUND | JOURNAL_DAMAGED) with the next step."""
    if not path.exists():
        raise Permanent(Reason.NOT_FOUND, f"There is no export at {path}.")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.text_factory = database_file.legible
        try:
            expected = connection.execute("SELECT entries, sha256 FROM manifest").fetchone()
            found = export.digest(connection)
        except sqlite3.DatabaseError as error:
            raise Permanent(
                Reason.JOURNAL_DAMAGED, f"{path} is no complete export ({error}): copy it again, or export again."
            ) from error
        if found != (expected[0], bytes(expected[1])):
            raise Permanent(
                Reason.JOURNAL_DAMAGED, f"{path} does not have its manifest's checksum: copy it again, or export again."
            )
        yield connection
    finally:
        connection.close()


def foreign_entries(connection: Connection, after: int, limit: int, *, everything: bool) -> list[tuple[int, Foreign]]:
    """Return entries of an export in order, each with its number there, after a number."""
    wanted = "" if everything else "AND sequence > (SELECT settled_sequence FROM epoch WHERE number = entry.epoch) "
    found = connection.execute(
        f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE id > ? {wanted}ORDER BY id LIMIT ?", (after, limit)
    ).fetchall()
    return [(row[0], _foreign(connection, rows.stored(row))) for row in found]


def adopt(connection: Connection, entries: Sequence[Foreign]) -> Adopted:
    """Journal again what this journal does not know yet. The disk budget is not asked: an operator wants these sales here."""
    result = Adopted()
    for entry in entries:
        result = result.plus(_adopt(connection, entry))
    return result


def _foreign(connection: Connection, item: rows.Stored) -> Foreign:
    epoch = connection.execute("SELECT id FROM epoch WHERE number = ?", (item.epoch,)).fetchone()[0]
    former = connection.execute(
        "SELECT epoch_id, sequence FROM former_place WHERE entry = ? ORDER BY id", (item.id,)
    ).fetchall()
    movements = connection.execute(
        "SELECT sku, quantity, rights_only FROM own_movement WHERE entry = ? ORDER BY sku, rights_only", (item.id,)
    )
    keys = connection.execute(
        "SELECT till, name, digest FROM repeat_key WHERE entry = ? ORDER BY till, name", (item.id,)
    ).fetchall()
    content = item.content
    if raw_digest(content.raw) != item.raw_sha256:
        content = _refused(
            content,
            Reason.JOURNAL_DAMAGED,
            "The message was damaged on the old box's disk: compare it with the till's own records.",
        )
    return Foreign(
        content=content,
        traceparent=item.traceparent,
        places=(*(EntryId(epoch=e, sequence=s) for e, s in former), EntryId(epoch=epoch, sequence=item.sequence)),
        movements=tuple(
            OwnMovement(sku=sku, quantity=from_micro(moved), rights_only=bool(rights))
            for sku, moved, rights in movements
        ),
        repeat_keys=tuple((till, name, bytes(digest)) for till, name, digest in keys),
    )


def _refused(content: EntryContent, reason: Reason, sentence: str) -> EntryContent:
    return replace(content, kind=EntryKind.REJECTED, key=None, reason=reason.value, sentence=sentence)


def _adopt(connection: Connection, entry: Foreign) -> Adopted:
    if any(_stood_here(connection, place) for place in entry.places):
        return Adopted(known=1)
    content = entry.content
    same = _same_revision(connection, content)
    if same is not None and content.key is not None and same[1] == content.key.fingerprint:
        _remember(connection, entry, same[0])
        return Adopted(known=1)
    if same is not None:
        sentence = "The new box has accepted this number with other contents: a person decides which one holds."
        content = _refused(content, Reason.CONFLICTING_DUPLICATE, sentence)
    identity, sequence, epoch = epochs.write_next(connection, content, entry.traceparent)
    append.write_movements(connection, identity, (epoch.number, sequence), entry.movements)
    _remember(connection, entry, identity)
    return Adopted(journalled=1, damaged=int(content.reason == Reason.JOURNAL_DAMAGED.value))


def _stood_here(connection: Connection, place: EntryId) -> bool:
    here = "SELECT 1 FROM entry JOIN epoch ON epoch.number = entry.epoch WHERE epoch.id = ? AND entry.sequence = ?"
    before = "SELECT 1 FROM former_place WHERE epoch_id = ? AND sequence = ?"
    found = connection.execute(
        f"{here} UNION ALL {before} LIMIT 1", (place.epoch, place.sequence, place.epoch, place.sequence)
    )
    return found.fetchone() is not None


def _same_revision(connection: Connection, content: EntryContent) -> tuple[int, bytes] | None:
    key = content.key
    if key is None:
        return None
    row = connection.execute(
        "SELECT id, fingerprint FROM entry WHERE key_reference = ? AND key_source = ? AND key_kind = ? AND key_revision = ? "
        "AND fingerprint_version = ?",
        (key.reference, key.source, key.kind, key.revision, key.fingerprint_version),
    ).fetchone()
    return (row[0], bytes(row[1])) if row else None


def _remember(connection: Connection, entry: Foreign, identity: int) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO former_place (epoch_id, sequence, entry) VALUES (?, ?, ?)",
        [(place.epoch, place.sequence, identity) for place in entry.places],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO repeat_key (till, name, digest, entry) VALUES (?, ?, ?, ?)",
        [(*key, identity) for key in entry.repeat_keys],
    )
