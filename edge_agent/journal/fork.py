"""A new epoch in place of one that disagrees with the core: unsettled entries are journalled again in order, with their former place.

An entry keeps its lasting id, so that its business key, its repeat keys and its own movements follow it without being copied.
"""

from __future__ import annotations

from datetime import datetime

from adapters.canonical.chain import link
from adapters.canonical.entry import EntryId
from edge_agent.database import Connection
from edge_agent.journal import epochs, rows
from edge_agent.journal.epochs import Epoch

_CHUNK = 500


def fork(connection: Connection, epoch_id: bytes, sentence: str, now: datetime) -> None:
    """Open a new epoch and move the present one's unsettled entries there; settled ones stay readable where they are."""
    old = epochs.present(connection)
    epochs.begin(connection, epoch_id, old.id, sentence, now)
    moved = _bring_forward(connection, old, after=old.settled_sequence)
    connection.execute(
        "UPDATE epoch SET last_sequence = settled_sequence, last_chain = settled_chain, kept_bytes = kept_bytes - ? WHERE number = ?",
        (moved, old.number),
    )


def bring_older_forward(connection: Connection) -> None:
    """Journal again what older epochs still keep: the core was restored to before the present epoch and may lack them.

    Business keys make those repeats that it does have.
    """
    present = epochs.present(connection)
    for epoch in epochs.every(connection):
        if epoch.number == present.number:
            continue
        connection.execute("DELETE FROM verdict WHERE entry IN (SELECT id FROM entry WHERE epoch = ?)", (epoch.number,))
        moved = _bring_forward(connection, epoch, after=0)
        connection.execute(
            "UPDATE epoch SET edge_sequence = last_sequence, edge_chain = last_chain, kept_bytes = kept_bytes - ? WHERE number = ?",
            (moved, epoch.number),
        )


def previous_id(connection: Connection, entry: int) -> EntryId | None:
    """Return the place that an entry had right before its present one."""
    row = connection.execute(
        "SELECT epoch_id, sequence FROM former_place WHERE entry = ? ORDER BY id DESC LIMIT 1", (entry,)
    ).fetchone()
    return EntryId(epoch=row[0], sequence=row[1]) if row else None


def _bring_forward(connection: Connection, old: Epoch, *, after: int) -> int:
    """Move an epoch's entries after a sequence to the head of the present one; return their bytes."""
    present = epochs.present(connection)
    sequence, chain, moved = present.last_sequence, present.last_chain, 0
    while found := connection.execute(
        f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE epoch = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        (old.number, after, _CHUNK),
    ).fetchall():
        places: list[tuple[int, int, bytes, int]] = []
        left: list[tuple[bytes, int, int]] = []
        for entry in map(rows.stored, found):
            sequence, after = sequence + 1, entry.sequence
            chain = link(chain, sequence, entry.content, entry.raw_sha256)
            places.append((present.number, sequence, chain, entry.id))
            left.append((old.id, entry.sequence, entry.id))
            moved += rows.size(entry.content.raw)
        _replace(connection, places, left)
    connection.execute(
        "UPDATE epoch SET last_sequence = ?, last_chain = ?, kept_bytes = kept_bytes + ? WHERE number = ?",
        (sequence, chain, moved, present.number),
    )
    return moved


def _replace(
    connection: Connection, places: list[tuple[int, int, bytes, int]], left: list[tuple[bytes, int, int]]
) -> None:
    """Give entries their new places (epoch, sequence, chain, id) and remember those they left (epoch id, sequence, id)."""
    connection.executemany("INSERT INTO former_place (epoch_id, sequence, entry) VALUES (?, ?, ?)", left)
    connection.executemany("UPDATE entry SET epoch = ?, sequence = ?, chain = ? WHERE id = ?", places)
    connection.executemany(
        "UPDATE own_movement SET epoch = ?, sequence = ? WHERE entry = ?",
        [(epoch, sequence, entry) for epoch, sequence, _, entry in places],
    )
