"""Every error of SQLite reaches a till with a reason that says whether and when to send again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from edge_agent import database_failure


def failed(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("for the test")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_FULL, Reason.DISK_FULL),
        (sqlite3.SQLITE_IOERR_FSYNC, Reason.JOURNAL_UNAVAILABLE),
        (sqlite3.SQLITE_BUSY, Reason.JOURNAL_UNAVAILABLE),
        (sqlite3.SQLITE_READONLY, Reason.JOURNAL_UNAVAILABLE),
        (sqlite3.SQLITE_CORRUPT, Reason.JOURNAL_DAMAGED),
        (sqlite3.SQLITE_NOTADB, Reason.JOURNAL_DAMAGED),
    ],
)
def test_a_failure_of_the_file_is_transient_with_its_reason(code: int, reason: Reason) -> None:
    """The till repeats; the cause is kept for the log."""
    error = failed(code)
    told = database_failure.translated(error)
    assert isinstance(told, Transient)
    assert (told.reason, told.__cause__) == (reason, error)
    assert told.retry_after


def test_other_errors_pass_as_they_are() -> None:
    for error in (ValueError("x"), Permanent(Reason.NOT_FOUND, "x"), sqlite3.IntegrityError("x")):
        assert database_failure.translated(error) is error


def test_a_damaged_file_that_cannot_be_opened_says_how_to_save_it() -> None:
    told = database_failure.cannot_open(Path("/data/agent.db"), failed(sqlite3.SQLITE_NOTADB))
    assert isinstance(told, Permanent)
    assert told.reason is Reason.JOURNAL_DAMAGED
    assert "export" in told.sentence
