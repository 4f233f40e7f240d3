"""A child process that sells until it is killed, or until a last number: one line per acknowledged receipt out, `refused` for the others."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterable
from pathlib import Path

from adapters.errors import Transient
from adapters.seams.clock import SystemClock
from adapters.seams.randomness import SystemRandomness
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import ThreadExecutor
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import SqliteJournal
from tests.contracts.drafts import sale


async def sell(folder: Path, numbers: Iterable[int]) -> None:
    """Append sales from eight tills and print each receipt when it is accepted."""
    clock, options = SystemClock(), DatabaseOptions(reserve_bytes=65536, wal_idle_bytes=65536, wal_idle_commits=1)
    database = await Database.open(
        folder / "agent.db", ThreadExecutor(), clock, [JOURNAL_SCHEMA, CACHE_SCHEMA], options
    )
    journal = await SqliteJournal.open(database, clock, SystemRandomness())

    async def till() -> None:
        for number in numbers:
            try:
                line = (await journal.append(sale(number))).receipt_id
            except Transient as refused:
                line = f"refused:{refused.reason}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    await asyncio.gather(*[till() for _ in range(8)])
    await database.close()


if __name__ == "__main__":
    folder, first, *last = sys.argv[1:]
    asyncio.run(sell(Path(folder), iter(range(int(first), int(last[0]))) if last else itertools.count(int(first))))
