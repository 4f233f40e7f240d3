"""A dead box's journal in, one portable file out: `edge-agent journal export`; the source is only read.

The file is SQLite with the journal's own tables, not a zip: bytes stay bytes, whatever reads a journal (`list`, `show`, `verify`) reads an
export, and one file needs no second codec. A manifest holds its counts and a SHA-256 over all exported entries, which `import` checks.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.canonical.key import length_prefixed
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from edge_agent import database_file
from edge_agent.database import Connection
from edge_agent.journal.rows import ENTRY_OVERHEAD
from edge_agent.journal.schema import JOURNAL_SCHEMA

_CHUNK = 500
_FOLLOWING = ("former_place", "repeat_key", "own_movement", "verdict")
_MANIFEST = "CREATE TABLE manifest (exported_ms INTEGER NOT NULL, entries INTEGER NOT NULL, unreadable INTEGER NOT NULL, sha256 BLOB NOT NULL)"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds. `unreadable` entries lie on damaged pages and could not be copied."""

    path: Path
    entries: int
    unreadable: int
    sha256: bytes


def export(
    source: Path,
    target: Path,
    now: datetime,
    *,
    everything: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the unsettled entries of the journal at `source` (with `everything`, all kept ones) to a new file.

    `progress` hears (done, of). Raises Permanent(ALREADY_EXISTS | NOT_FOUND | MIGRATION_NEEDED | JOURNAL_UNAVAILABLE).
    """
    if target.exists():
        raise Permanent(Reason.ALREADY_EXISTS, f"{target} exists already: name a new file.")
    if not source.exists():
        raise Permanent(Reason.NOT_FOUND, f"There is no journal at {source}: name the data directory of the old agent.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
        copy, begun = Path(folder) / "source.db", Path(folder) / "export.db"
        _copy(source, copy)
        database_file.open_writer(copy, database_file.connect, [JOURNAL_SCHEMA]).close()
        result = _fill(begun, copy, now, progress or (lambda _done, _of: None), everything=everything)
        begun.replace(target)
    database_file.sync_directory(target.parent)
    return Exported(target, *result)


def digest(connection: Connection) -> tuple[int, bytes]:
    """Return how many entries an export holds and the SHA-256 over them: places, chain hashes, digests, movements and keys."""
    total, count = hashlib.sha256(), 0
    for row in connection.execute(
        "SELECT epoch.id, entry.sequence, entry.chain, entry.raw_sha256, entry.raw, "
        "(SELECT json_group_array(json_array(sku, rights_only, quantity)) FROM own_movement WHERE own_movement.entry = entry.id), "
        "(SELECT json_group_array(json_array(till, name, hex(digest))) FROM repeat_key WHERE repeat_key.entry = entry.id) "
        "FROM entry JOIN epoch ON epoch.number = entry.epoch ORDER BY entry.epoch, entry.sequence"
    ):
        epoch, sequence, chain, raw_sha256, raw, movements, keys = row
        total.update(
            length_prefixed(
                epoch, sequence.to_bytes(8, "big"), chain, raw_sha256, raw, movements.encode(), keys.encode()
            )
        )
        count += 1
    return count, total.digest()


def _copy(source: Path, copy: Path) -> None:
    """Copy a consistent state: the files themselves where no agent runs (a dead disk may be read-only), else through SQLite."""
    with _lock_of(source) as idle:
        if idle:
            shutil.copyfile(source, copy)
            wal = source.with_name(source.name + "-wal")
            if wal.exists():
                shutil.copyfile(wal, copy.with_name(copy.name + "-wal"))
            return
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(copy)) as fresh,
        ):
            live.backup(fresh)


@contextmanager
def _lock_of(source: Path) -> Iterator[bool]:
    """Hold the journal's lock where that is possible; yield whether no agent runs on it."""
    try:
        lock = database_file.Lock(source.with_name(source.name + ".lock"))
    except Permanent:
        yield False
        return
    except OSError:
        # A read-only disk has no writer.
        yield True
        return
    try:
        yield True
    finally:
        lock.release()


def _fill(
    target: Path, source: Path, now: datetime, progress: Callable[[int, int], None], *, everything: bool
) -> tuple[int, int, bytes]:
    with closing(database_file.open_writer(target, database_file.connect, [JOURNAL_SCHEMA])) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("ATTACH ? AS source", (str(source),))
        wanted = (
            ""
            if everything
            else "WHERE sequence > (SELECT settled_sequence FROM source.epoch WHERE number = entry.epoch)"
        )
        ids = [row[0] for row in connection.execute(f"SELECT id FROM source.entry {wanted} ORDER BY epoch, sequence")]
        unreadable = 0
        for start in range(0, len(ids), _CHUNK):
            unreadable += _copy_entries(connection, ids[start : start + _CHUNK])
            progress(min(start + _CHUNK, len(ids)), len(ids))
        _copy_frame(connection, everything=everything)
        count, sha256 = digest(connection)
        connection.execute(_MANIFEST)
        connection.execute("INSERT INTO manifest VALUES (?, ?, ?, ?)", (to_millis(now), count, unreadable, sha256))
        connection.execute("DETACH source")
        connection.execute("PRAGMA journal_mode = DELETE")
    return count, unreadable, sha256


def _copy_entries(connection: Connection, ids: list[int]) -> int:
    """Copy entries with what hangs on them, one by one where a page is damaged; return how many could not be read."""
    try:
        _copy_range(connection, ids)
    except sqlite3.DatabaseError:
        unreadable = 0
        for identity in ids:
            try:
                _copy_range(connection, [identity])
            except sqlite3.DatabaseError:
                unreadable += 1
        return unreadable
    return 0


def _copy_range(connection: Connection, ids: list[int]) -> None:
    chosen = "SELECT value FROM json_each(?)"
    listed = "[" + ",".join(map(str, ids)) + "]"
    with _transaction(connection):
        connection.execute(f"INSERT INTO main.entry SELECT * FROM source.entry WHERE id IN ({chosen})", (listed,))
        for table in _FOLLOWING:
            connection.execute(
                f"INSERT INTO main.{table} SELECT * FROM source.{table} WHERE entry IN ({chosen})", (listed,)
            )


def _copy_frame(connection: Connection, *, everything: bool) -> None:
    """Copy epochs, gaps and quarantine; without settled entries, an epoch's edge is where settling stood."""
    with _transaction(connection):
        for table in ("epoch", "gap", "quarantine"):
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM source.{table}")
        if not everything:
            connection.execute("UPDATE main.epoch SET edge_sequence = settled_sequence, edge_chain = settled_chain")
            connection.execute(
                "DELETE FROM main.gap WHERE last_sequence <= (SELECT settled_sequence FROM main.epoch WHERE number = gap.epoch)"
            )
        connection.execute(
            "UPDATE main.epoch SET kept_bytes = "
            "(SELECT coalesce(sum(length(raw) + ?), 0) FROM main.entry WHERE entry.epoch = epoch.number)",
            (ENTRY_OVERHEAD,),
        )


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
