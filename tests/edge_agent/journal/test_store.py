"""SqliteJournal keeps the journal's contract on both executors."""

from __future__ import annotations

from tests.contracts.journal import JournalContract


class TestSqliteJournal(JournalContract):
    """The suite on a real file."""
