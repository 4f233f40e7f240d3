"""The files behind `Database`: a path in, a locked, durable, migrated SQLite file out, or a sentence why not.

    agent.db        the data, with agent.db-wal and agent.db-shm beside it
    agent.db.lock   held exclusively by the running agent (flock); a second agent exits with JOURNAL_LOCKED
    agent.reserve   ballast: given back to the filesystem when the disk is full, so that settling and deleting can go on

Whatever cannot be made durable is refused at the door, not found out later.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.errors import Permanent
from adapters.reasons import Reason

APPLICATION_ID = 0x54494C4C  # "TILL"
_FULL_SYNC = 2
_WAL_PAGES = 2000
"""SQLite itself writes the WAL back at 8 MB, below the size of the reserve: on a full disk there is always room to write it back."""

_VACUUM_STEPS = 40


@dataclass(frozen=True, slots=True)
class Schema:
    """A room's tables as numbered steps: step n is `steps[n - 1]`. Steps are only ever added."""

    room: str
    steps: tuple[str, ...]

    @classmethod
    def read(cls, room: str, path: Path) -> Schema:
        """Read a schema file, its steps parted by lines that begin with `-- step`."""
        steps = [part for part in path.read_text(encoding="utf-8").split("\n-- step")[1:] if part.strip()]
        return cls(room, tuple("-- step" + step for step in steps))


class Lock:
    """The right to write a journal: held by an open file, so that it ends with the process however it ends."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            sentence = f"Another agent works on this journal ({path} is locked): stop it first, or give this one its own data directory."
            raise Permanent(Reason.JOURNAL_LOCKED, sentence) from error

    def release(self) -> None:
        """Give the right back."""
        os.close(self._descriptor)


class Reserve:
    """The ballast file: `size` bytes really allocated, or given back while the disk is full."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def make(self) -> bool:
        """Allocate the file; False when there is no room for it."""
        if self._size == 0:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError:
            self.give_back()
            return False
        finally:
            os.close(descriptor)
        return True

    def give_back(self) -> None:
        """Return the space to the filesystem."""
        self._path.unlink(missing_ok=True)


def connect(path: str) -> sqlite3.Connection:
    """Open a connection for use by one lane; transactions are written out by the caller."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.text_factory = legible
    return connection


def legible(text: bytes) -> str:
    """Read text even where a bit flipped, so that a damaged row can be shown and put aside."""
    return text.decode("utf-8", "replace")


def open_writer(
    path: Path, connect_to: Callable[[str], sqlite3.Connection], schemas: Sequence[Schema]
) -> sqlite3.Connection:
    """Open the one connection that writes: durable (asserted), and migrated to the newest step."""
    fresh = not path.exists()
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = connect_to(str(path))
    try:
        _refuse_strangers(connection, schemas)
        if fresh:
            # Pages that retention frees can then be given back to a full disk.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _assert_durable(connection)
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
        if fresh:
            sync_directory(path.parent)
        _migrate(connection, schemas)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, connect_to: Callable[[str], sqlite3.Connection]) -> sqlite3.Connection:
    """Open a connection that cannot write."""
    connection = connect_to(str(path))
    connection.execute("PRAGMA busy_timeout = 2000")
    connection.execute("PRAGMA query_only = ON")
    return connection


def sync_directory(path: Path) -> None:
    """Make a directory's own entries durable: a new file is lost with its name otherwise."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_strangers(connection: sqlite3.Connection, schemas: Sequence[Schema]) -> None:
    """Refuse a file of another program or of a newer version before anything in it is touched."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application not in (0, APPLICATION_ID) or (application == 0 and tables):
        raise Permanent(Reason.JOURNAL_UNAVAILABLE, "This file is no agent journal: name another data directory.")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        return
    known = {schema.room: len(schema.steps) for schema in schemas}
    for room, step in connection.execute("SELECT room, step FROM room_schema ORDER BY room"):
        if step > known.get(room, step):
            sentence = f"This journal was written by a newer agent ({room}: step {step}, known {known[room]}): run that version; nothing was changed."
            raise Permanent(Reason.MIGRATION_NEEDED, sentence)


def _assert_durable(connection: sqlite3.Connection) -> None:
    """Switch to WAL and full sync and read both back: a switch that fails raises nothing by itself."""
    connection.execute("PRAGMA busy_timeout = 2000")
    connection.execute("PRAGMA foreign_keys = ON")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    mode = connection.execute("PRAGMA journal_mode").fetchone() or mode
    synchronous = connection.execute("PRAGMA synchronous").fetchone()
    if mode is None or str(mode[0]).lower() != "wal" or synchronous is None or int(synchronous[0]) != _FULL_SYNC:
        sentence = (
            f"SQLite answered journal_mode={mode and mode[0]}, synchronous={synchronous and synchronous[0]} instead of wal and 2, "
            "so that a sale could be lost: put the data directory on a local, writable filesystem."
        )
        raise Permanent(Reason.JOURNAL_NOT_DURABLE, sentence)


def _migrate(connection: sqlite3.Connection, schemas: Sequence[Schema]) -> None:
    """Bring every room to its newest step, each step in one transaction, so that a crash leaves whole steps."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE room_schema (room TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("COMMIT")
    done = dict(connection.execute("SELECT room, step FROM room_schema ORDER BY room").fetchall())
    for schema in schemas:
        for number, step in enumerate(schema.steps, start=1):
            if number <= done.get(schema.room, 0):
                continue
            connection.execute("BEGIN IMMEDIATE")
            for statement in _statements(step):
                connection.execute(statement)
            connection.execute("INSERT OR REPLACE INTO room_schema (room, step) VALUES (?, ?)", (schema.room, number))
            connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one: `executescript` would commit in between."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def wal_size(path: Path) -> int:
    """Return the bytes of the write-ahead log beside the file, 0 when there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def checkpoint(connection: sqlite3.Connection, mode: str) -> bool:
    """Write the WAL back (`PASSIVE`, or `TRUNCATE` which also cuts the file); return whether a reader was in the way."""
    connection.execute("PRAGMA busy_timeout = 50")
    try:
        busy, written, copied = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    finally:
        connection.execute("PRAGMA busy_timeout = 2000")
    return bool(busy) or copied < written


def shrink(connection: sqlite3.Connection) -> None:
    """Give the filesystem back what the file does not need: the WAL, and pages freed by retention, in steps that need little room themselves."""
    for _ in range(_VACUUM_STEPS):
        if checkpoint(connection, "TRUNCATE") or connection.execute("PRAGMA freelist_count").fetchone()[0] == 0:
            return
        connection.execute("PRAGMA incremental_vacuum(100)").fetchall()


def verify_after_failure(connection: sqlite3.Connection) -> None:
    """Copy all of the WAL into the file with a fresh sync and check the file's structure.

    Pages that a failed sync lost may look clean to the kernel: syncing again would promise what is not on the disk.
    """
    checkpoint(connection, "TRUNCATE")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        sentence = (
            f"The journal is damaged ({found}): run `edge-agent journal export`, then import into a new data directory."
        )
        raise Permanent(Reason.JOURNAL_DAMAGED, sentence)
