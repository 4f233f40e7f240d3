"""Backups of the core's database: a running database in, one consistent file out, and back; a restored one gets a new feed id.

The master key and the `pki` folder are files of their own; whoever calls this copies them too.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness
from core_service.store.schema import database_path, migrate
from core_service.store.transaction import translated

Progress: TypeAlias = Callable[[int, int], None]
"""Told (pages done, pages in all)."""

_PAGES_A_STEP = 2048
_FEED_ID_BYTES = 16


def backup(url: str, target: Path, progress: Progress | None = None) -> None:
    """Copy the database as of now into a new file while others go on using it; blocks. Raises Permanent when `target` is there already.

    Each step copies 8 MB; sales that come in meanwhile are in the copy or not, never half.
    """
    source = _file_of(url)
    if not source.exists():
        raise Permanent(
            Reason.NOT_FOUND, f"There is no database at {source}; check the setting, or run `core-service migrate`."
        )
    _refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(source, target, progress)


def restore(
    source: Path, url: str, randomness: Randomness, progress: Progress | None = None, *, previous: Path | None = None
) -> str:
    """Make the database of `url` from a backup, migrate it, give it a new feed id and return that; blocks.

    A database that is there already is moved to `previous` when its successor is ready, and never before; without `previous` none may be there.
    Agents find their watermark lower than what they settled and send again; feeds find another feed id and start from a snapshot.
    """
    target = _file_of(url)
    if not source.exists():
        raise Permanent(Reason.NOT_FOUND, f"There is no backup at {source}; check the path.")
    _refuse_existing(target if previous is None else previous)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.restoring")
    for leftover in _files_of(aside):
        leftover.unlink(missing_ok=True)
    _copy(source, aside, progress)
    aside_url = f"sqlite+aiosqlite:///{aside}"
    migrate(aside_url)
    feed_id = randomness.token(_FEED_ID_BYTES).hex()
    with translated(), closing(sqlite3.connect(aside, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("INSERT OR REPLACE INTO feed_identity (only, feed_id) VALUES (1, ?)", (feed_id,))
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    if previous is not None:
        for present, kept in zip(_files_of(target)[::-1], _files_of(previous)[::-1], strict=True):
            if present.exists():
                present.rename(kept)
    aside.rename(target)
    _sync(target.parent)
    return feed_id


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    def report(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    try:
        with translated(), closing(_reading(source)) as reading, closing(sqlite3.connect(target)) as writing:
            writing.execute("PRAGMA synchronous=FULL")
            reading.backup(writing, pages=_PAGES_A_STEP, progress=report)
            answer = writing.execute("PRAGMA quick_check").fetchone()[0]
    except Transient:
        target.unlink(missing_ok=True)
        raise
    if answer != "ok":
        target.unlink(missing_ok=True)
        sentence = (
            f"The copy of {source} is damaged ({answer}); the disk or the database is failing. Take another backup."
        )
        raise Permanent(Reason.JOURNAL_DAMAGED, sentence)
    _sync(target.parent)


def _sync(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reading(source: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=5.0)


def _file_of(url: str) -> Path:
    path = database_path(url)
    if path is None:
        raise Permanent(Reason.SETTINGS_INVALID, "A database in memory has no backup; name a file.")
    return path


def _files_of(path: Path) -> tuple[Path, ...]:
    return (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))


def _refuse_existing(target: Path) -> None:
    for path in _files_of(target):
        if path.exists():
            sentence = f"{path} is there already and is not overwritten; move it away first."
            raise Permanent(Reason.ALREADY_EXISTS, sentence)
