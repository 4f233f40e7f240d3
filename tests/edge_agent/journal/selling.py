"""A child process that sells until it is killed: a data directory and a first number in, one line per acknowledged receipt out."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from adapters.seams.clock import SystemClock
from adapters.seams.randomness import SystemRandomness
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import ThreadExecutor
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import SqliteJournal
from tests.contracts.drafts import sale


async def sell(folder: Path, first: int) -> None:
    """Append sales from eight tills and print each receipt when it is accepted."""
    clock, options = SystemClock(), DatabaseOptions(reserve_bytes=65536, wal_idle_bytes=65536)
    database = await Database.open(
        folder / "agent.db", ThreadExecutor(), clock, [JOURNAL_SCHEMA, CACHE_SCHEMA], options
    )
    journal = await SqliteJournal.open(database, clock, SystemRandomness())
    numbers = itertools.count(first)

    async def till() -> None:
        for number in numbers:
            accepted = await journal.append(sale(number))
            sys.stdout.write(accepted.receipt_id + "\n")
            sys.stdout.flush()

    await asyncio.gather(*[till() for _ in range(8)])


if __name__ == "__main__":
    asyncio.run(sell(Path(sys.argv[1]), int(sys.argv[2])))
