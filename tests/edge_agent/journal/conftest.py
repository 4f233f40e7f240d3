"""A journal on a real file for every test of this room, on both executors; opened anew by `Desk.restart`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.seams.clock import Clock, VirtualClock
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import Executor
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import JournalOptions, SqliteJournal


class Desk:
    """A data directory with its journal. `options` are the journal's."""

    def __init__(self, folder: Path, executor: Executor, options: JournalOptions | None = None) -> None:
        self.path = folder / "agent.db"
        self.clock = VirtualClock()
        self.telemetry = MemoryTelemetry()
        self.options = options or JournalOptions(telemetry=self.telemetry)
        self._executor = executor
        self._randomness = SeededRandomness(1)

    async def open(self, database_options: DatabaseOptions | None = None, clock: Clock | None = None) -> SqliteJournal:
        """Open database and journal."""
        time = clock or self.clock
        chosen = database_options or DatabaseOptions(reserve_bytes=0, telemetry=self.telemetry)
        self.database = await Database.open(self.path, self._executor, time, [JOURNAL_SCHEMA, CACHE_SCHEMA], chosen)
        self.journal = await SqliteJournal.open(self.database, time, self._randomness, self.options)
        return self.journal

    async def restart(self) -> SqliteJournal:
        """Close and open again, as a restarted agent does."""
        await self.database.close()
        return await self.open()


@pytest.fixture
async def desk(tmp_path: Path, executor: Executor) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path, executor)
    await desk.open()
    yield desk
    await desk.database.close()


@pytest.fixture
def journal(desk: Desk) -> SqliteJournal:
    return desk.journal
