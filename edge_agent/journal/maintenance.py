"""The journal's upkeep: retention applied, damage found and healed; runs as housekeeping, also while the disk is full.

Healing keeps the raw bytes of a damaged entry in `quarantine`, tells the core about the hole (a gap, or a new epoch where the chain
cannot be bridged), and journals the bytes again as a `rejected` entry, so that a person in the core sees the sale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.canonical.chain import link
from adapters.canonical.entry import EntryContent, EntryKind
from adapters.reasons import Reason
from adapters.seams.clock import from_millis, to_millis
from edge_agent.database import Connection
from edge_agent.journal import epochs, fork, rows
from edge_agent.journal.epochs import Epoch
from edge_agent.journal.reading import Damage
from edge_agent.journal.retention import Retention, SettledEntry, removable

_CHUNK = 500
_RETIRED_AT_ONCE = 100
"""Deleting writes every touched page to the WAL; on a full disk the reserve must hold it."""


def retire(connection: Connection, rule: Retention, now: datetime, pressure: int = 0) -> int:
    """Delete settled entries that may go, oldest first, at most one chunk; return how many went."""
    gone = 0
    for epoch in epochs.every(connection):
        found = connection.execute(
            "SELECT entry.id, entry.sequence, entry.chain, verdict.settled_ms, length(entry.raw) FROM entry "
            "JOIN verdict ON verdict.entry = entry.id WHERE entry.epoch = ? AND entry.sequence <= ? ORDER BY entry.sequence LIMIT ?",
            (epoch.number, epoch.settled_sequence, _RETIRED_AT_ONCE),
        ).fetchall()
        candidates = [SettledEntry(from_millis(row[3]), row[4] + rows.ENTRY_OVERHEAD) for row in found]
        kept = connection.execute("SELECT count(*) FROM verdict").fetchone()[0]
        count = removable(candidates, kept, rule, now, pressure)
        if count:
            freed = sum(candidate.size for candidate in candidates[:count])
            _delete_through(connection, epoch, found[count - 1][1], found[count - 1][2], freed)
            gone += count
            pressure -= freed
        if count < len(found):
            break
    return gone


def _delete_through(connection: Connection, epoch: Epoch, sequence: int, chain: bytes, freed: int) -> None:
    place = (epoch.number, sequence)
    connection.execute("DELETE FROM entry WHERE epoch = ? AND sequence <= ?", place)
    connection.execute("DELETE FROM gap WHERE epoch = ? AND last_sequence <= ?", place)
    connection.execute(
        "UPDATE epoch SET edge_sequence = ?, edge_chain = ?, kept_bytes = kept_bytes - ? WHERE number = ?",
        (sequence, chain, freed, epoch.number),
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """What one step of `verify` saw. `next_place` is where to go on, None at the end."""

    entries: int
    damages: tuple[Damage, ...]
    next_place: tuple[int, int, bytes] | None


def verify(connection: Connection, place: tuple[int, int, bytes] | None = None, limit: int = _CHUNK) -> Checked:
    """Check entries from a place (epoch number, sequence, chain hash there) on: digests, chain, holes. Start with None."""
    listed = epochs.every(connection)
    number, after, chain = place or (listed[0].number, 0, b"")
    epoch = next(epoch for epoch in listed if epoch.number >= number)
    if place is None or epoch.number != number or after <= epoch.edge_sequence:
        after, chain = epoch.edge_sequence, epoch.edge_chain
    damages: list[Damage] = []
    count = 0
    for row in connection.execute(
        f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE epoch = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        (epoch.number, after, limit),
    ).fetchall():
        item = rows.stored(row)
        count += 1
        if item.sequence != after + 1:
            chain = _across(connection, epoch, after + 1, item.sequence - 1, damages) or chain
        if wrong := item.damage(chain):
            damages.append(Damage(epoch.number, item.sequence, wrong))
        after, chain = item.sequence, item.chain
    if count == limit:
        return Checked(count, tuple(damages), (epoch.number, after, chain))
    if after < epoch.last_sequence:
        _across(connection, epoch, after + 1, epoch.last_sequence, damages)
    following = [later for later in listed if later.number > epoch.number]
    return Checked(count, tuple(damages), (following[0].number, 0, b"") if following else None)


def _across(connection: Connection, epoch: Epoch, first: int, last: int, damages: list[Damage]) -> bytes | None:
    """Note the undeclared part of a hole and return the chain hash at its end, if it is known."""
    declared = connection.execute(
        "SELECT coalesce(sum(last_sequence - first_sequence + 1), 0) FROM gap WHERE epoch = ? AND first_sequence >= ? AND last_sequence <= ?",
        (epoch.number, first, last),
    ).fetchone()[0]
    if declared != last - first + 1:
        damages.append(Damage(epoch.number, last, f"{last - first + 1 - declared} entries up to it are missing"))
    return epochs.chain_at(connection, epoch, last)


def heal(connection: Connection, damage: Damage, epoch_id: bytes, now: datetime) -> bool:
    """Put a damaged place aside; return whether a new epoch (`epoch_id`) had to be opened, because the chain could not be bridged."""
    epoch = next(epoch for epoch in epochs.every(connection) if epoch.number == damage.epoch)
    place = (damage.epoch, damage.sequence)
    row = connection.execute(
        f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE epoch = ? AND sequence = ?", place
    ).fetchone()
    settled = damage.sequence <= epoch.settled_sequence
    sentence = f"Entry {damage.sequence} of epoch {epoch.id.hex()} is damaged: {damage.sentence}."
    if row is None:
        return not settled and _fork(connection, epoch, epoch_id, sentence, now)
    item = rows.stored(row)
    connection.execute(
        "INSERT INTO quarantine (epoch, sequence, quarantined_ms, settled, till, receipt_id, sentence, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*place, to_millis(now), settled, item.content.till, item.content.receipt_id, sentence, item.content.raw),
    )
    connection.execute(
        "INSERT INTO gap (epoch, first_sequence, last_sequence, chain, sentence) VALUES (?, ?, ?, ?, ?)",
        (damage.epoch, damage.sequence, damage.sequence, item.chain, sentence),
    )
    bridged = _bridged(connection, epoch, item)
    if not settled:
        _journal_as_rejected(connection, item, sentence, now)
    connection.execute("DELETE FROM entry WHERE id = ?", (item.id,))
    connection.execute(
        "UPDATE epoch SET kept_bytes = kept_bytes - ? WHERE number = ?", (rows.size(item.content.raw), epoch.number)
    )
    return not settled and not bridged and _fork(connection, epoch, epoch_id, sentence, now)


def _bridged(connection: Connection, epoch: Epoch, item: rows.Stored) -> bool:
    """Whether the chain hash stored with a damaged entry still leads on to what follows it."""
    row = connection.execute(
        f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE epoch = ? AND sequence = ?", (item.epoch, item.sequence + 1)
    ).fetchone()
    if row is None:
        return item.chain == epoch.last_chain
    following = rows.stored(row)
    return link(item.chain, following.sequence, following.content, following.raw_sha256) == following.chain


def _journal_as_rejected(connection: Connection, item: rows.Stored, sentence: str, now: datetime) -> None:
    """Send a person what is left of an unsettled entry, under its receipt, its own movements with it."""
    content = EntryContent(
        kind=EntryKind.REJECTED,
        transport=item.content.transport,
        dialect=item.content.dialect,
        dialect_version=item.content.dialect_version,
        till=item.content.till,
        raw=item.content.raw,
        received_at=now,
        receipt_id=item.content.receipt_id,
        reason=Reason.JOURNAL_DAMAGED.value,
        sentence=sentence,
    )
    entry, sequence, epoch = epochs.write_next(connection, content, item.traceparent)
    connection.execute(
        "UPDATE own_movement SET epoch = ?, sequence = ?, entry = ? WHERE entry = ?",
        (epoch.number, sequence, entry, item.id),
    )


def _fork(connection: Connection, epoch: Epoch, epoch_id: bytes, sentence: str, now: datetime) -> bool:
    if epochs.present(connection).number != epoch.number:
        return False
    fork.fork(connection, epoch_id, sentence, now)
    return True
