"""Epochs: numbered in the order of their opening, each with its head, its settled point and the edge that retention left.

    1 ......... edge | kept, settled ......... settled | unsettled ......... last
      deleted                                            never deleted

Everything here is SQL over one connection; the transaction is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.canonical.chain import genesis, link, raw_digest
from adapters.canonical.entry import EntryContent
from adapters.seams.clock import to_millis
from edge_agent.database import Connection
from edge_agent.journal import rows

_COLUMNS = "number, id, forked_from, last_sequence, last_chain, settled_sequence, settled_chain, edge_sequence, edge_chain, kept_bytes"


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch's row."""

    number: int
    id: bytes
    forked_from: bytes
    last_sequence: int
    last_chain: bytes
    settled_sequence: int
    settled_chain: bytes
    edge_sequence: int
    edge_chain: bytes
    kept_bytes: int


def present(connection: Connection) -> Epoch:
    """Return the epoch that entries are appended to."""
    return Epoch(*connection.execute(f"SELECT {_COLUMNS} FROM epoch ORDER BY number DESC LIMIT 1").fetchone())


def every(connection: Connection) -> list[Epoch]:
    """Return all epochs, oldest first."""
    return [Epoch(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM epoch ORDER BY number")]


def exists(connection: Connection) -> bool:
    """Whether the journal has been begun."""
    return connection.execute("SELECT 1 FROM epoch LIMIT 1").fetchone() is not None


def begin(connection: Connection, epoch: bytes, forked_from: bytes, sentence: str, now: datetime) -> None:
    """Open an epoch; it is the present one from now on."""
    start = genesis(epoch)
    connection.execute(
        "INSERT INTO epoch (id, forked_from, sentence, opened_ms, last_sequence, last_chain, settled_sequence, settled_chain, "
        "edge_sequence, edge_chain, kept_bytes) VALUES (?, ?, ?, ?, 0, ?, 0, ?, 0, ?, 0)",
        (epoch, forked_from, sentence, to_millis(now), start, start, start),
    )


def write_next(
    connection: Connection, content: EntryContent, traceparent: str, epoch: Epoch | None = None
) -> tuple[int, int, Epoch]:
    """Write an entry at the head of the present epoch (`epoch`, where it was just read); return its lasting id, its sequence, the epoch."""
    epoch = epoch or present(connection)
    sequence = epoch.last_sequence + 1
    raw_sha256 = raw_digest(content.raw)
    chain = link(epoch.last_chain, sequence, content, raw_sha256)
    entry = rows.insert(connection, (epoch.number, sequence, chain, raw_sha256, traceparent), content)
    connection.execute(
        "UPDATE epoch SET last_sequence = ?, last_chain = ?, kept_bytes = kept_bytes + ? WHERE number = ?",
        (sequence, chain, rows.size(content.raw), epoch.number),
    )
    return entry, sequence, epoch


def present_and_kept(connection: Connection) -> tuple[Epoch, int]:
    """Return the present epoch, and what all kept entries count against the disk budget."""
    query = f"SELECT {_COLUMNS}, (SELECT sum(kept_bytes) FROM epoch) FROM epoch ORDER BY number DESC LIMIT 1"
    *columns, kept = connection.execute(query).fetchone()
    return Epoch(*columns), kept


def kept_bytes(connection: Connection) -> int:
    """Return what all kept entries count against the disk budget."""
    return int(connection.execute("SELECT sum(kept_bytes) FROM epoch").fetchone()[0] or 0)


def chain_at(connection: Connection, epoch: Epoch, sequence: int) -> bytes | None:
    """Return the chain hash at a sequence of an epoch: of an entry, of the edge, of a gap's end, or the genesis; None otherwise."""
    if sequence == 0:
        return genesis(epoch.id)
    if sequence == epoch.edge_sequence:
        return epoch.edge_chain
    place = (epoch.number, sequence)
    row = connection.execute("SELECT chain FROM entry WHERE epoch = ? AND sequence = ?", place).fetchone()
    row = row or connection.execute("SELECT chain FROM gap WHERE epoch = ? AND last_sequence = ?", place).fetchone()
    return bytes(row[0]) if row else None
