"""SQLite's errors in, errors with a reason and a next step out; says which ones are a job's own and which the whole file's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason

_OUT_OF_REACH = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }
)


def is_full(error: BaseException) -> bool:
    """Whether SQLite found no room on the disk."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_FULL


def is_out_of_reach(error: BaseException) -> bool:
    """Whether the file itself failed, so that nothing this connection believes may be trusted."""
    return isinstance(error, sqlite3.Error) and _code(error) in _OUT_OF_REACH


def is_whole_transaction(error: sqlite3.Error) -> bool:
    """Whether an error is the transaction's and not one statement's."""
    return is_full(error) or is_out_of_reach(error) or _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT)


def translated(error: BaseException) -> BaseException:
    """Return SQLite's error as one with a reason and a next step; others as they are."""
    if isinstance(error, TillstreamError) or not isinstance(error, sqlite3.Error):
        return error
    if is_full(error):
        failure = Transient(
            Reason.DISK_FULL,
            "Not accepted: the disk is full. Free space on the agent's data disk, then send again.",
            retry_after=5.0,
        )
    elif _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        failure = Transient(
            Reason.JOURNAL_DAMAGED,
            f"A page of the journal is damaged ({error}): stop the agent, run `edge-agent journal export`, and import into a new data directory.",
            retry_after=30.0,
        )
    elif is_whole_transaction(error) or isinstance(error, sqlite3.OperationalError):
        name = getattr(error, "sqlite_errorname", "") or type(error).__name__
        failure = Transient(
            Reason.JOURNAL_UNAVAILABLE,
            f"Not accepted: the journal cannot be written now ({name}: {error}). Run `edge-agent doctor`, then send again.",
            retry_after=2.0,
        )
    else:
        return error
    return _caused(failure, error)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def cannot_open(path: Path, error: BaseException) -> BaseException:
    """Return the reason why a file cannot be opened, as an error with a next step; others as they are."""
    if isinstance(error, OSError):
        sentence = f"The data directory {path.parent} cannot be used ({error.strerror}): give it to the agent's user, or name another one."
    elif isinstance(error, sqlite3.Error) and _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        sentence = f"The journal {path} is damaged ({error}): run `edge-agent journal export` and import into a new data directory."
        return _caused(Permanent(Reason.JOURNAL_DAMAGED, sentence), error)
    elif isinstance(error, sqlite3.Error):
        sentence = f"The journal {path} cannot be opened ({error}): check the disk, or export it and import into a new data directory."
    else:
        return error
    return _caused(Permanent(Reason.JOURNAL_UNAVAILABLE, sentence), error)


def _caused(failure: TillstreamError, cause: BaseException) -> TillstreamError:
    failure.__cause__ = cause
    return failure
