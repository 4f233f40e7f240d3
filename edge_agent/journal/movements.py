"""What the cache asks of the journal: SKUs with the place that the core's level includes in, own movements after it out.

Handed to the cache by `app.py`, so that the two rooms do not know each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from adapters.canonical.entry import EntryId
from adapters.canonical.quantity import from_micro
from edge_agent.database import Connection
from edge_agent.ports import AGENT, MovedEntry, OwnMovement


def head(connection: Connection) -> tuple[int, int]:
    """Return the place of the newest entry: (epoch order, sequence)."""
    order, sequence = connection.execute(
        "SELECT number, last_sequence FROM epoch ORDER BY number DESC LIMIT 1"
    ).fetchone() or (0, 0)
    return order, sequence


def epoch_order(connection: Connection, epoch: bytes) -> int | None:
    """Return which of this journal's epochs it is, counted from 1; None for one of another box."""
    row = connection.execute("SELECT number FROM epoch WHERE id = ?", (epoch,)).fetchone()
    return int(row[0]) if row else None


def moved_after(connection: Connection, places: Mapping[str, tuple[int, int]]) -> dict[str, list[MovedEntry]]:
    """Return per SKU the entries placed after (epoch order, sequence) that moved it, with only their movements of that SKU."""
    found: dict[str, list[MovedEntry]] = {}
    for sku, place in places.items():
        rows = connection.execute(
            "SELECT own_movement.epoch, epoch.id, own_movement.sequence, own_movement.quantity, own_movement.rights_only, own_movement.entry "
            "FROM own_movement JOIN epoch ON epoch.number = own_movement.epoch "
            "WHERE sku = ? AND (own_movement.epoch, own_movement.sequence) > (?, ?) ORDER BY own_movement.epoch, own_movement.sequence",
            (sku, *place),
        ).fetchall()
        found[sku] = [
            MovedEntry(
                epoch_order=order,
                id=EntryId(epoch=epoch, sequence=sequence),
                former=_former(connection, entry),
                movements=(OwnMovement(sku=sku, quantity=from_micro(quantity), rights_only=bool(rights_only)),),
            )
            for order, epoch, sequence, quantity, rights_only, entry in rows
        ]
    return found


def taken_transfers(connection: Connection, transfers: Sequence[str]) -> set[str]:
    """Return which grants an entry of this journal has taken over: the agent's own facts carry the transfer id as their repeat key."""
    rows = connection.execute(
        "SELECT name FROM repeat_key WHERE till = ? AND name IN (SELECT value FROM json_each(?))",
        (AGENT, json.dumps(list(transfers))),
    )
    return {name for (name,) in rows}


def _former(connection: Connection, entry: int) -> tuple[EntryId, ...]:
    rows = connection.execute("SELECT epoch_id, sequence FROM former_place WHERE entry = ? ORDER BY id", (entry,))
    return tuple(EntryId(epoch=epoch, sequence=sequence) for epoch, sequence in rows)
