"""Opens the core's database: a URL and what is injected in, a `CoreStore` out; refuses tables that are not current."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from sqlalchemy import select

from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.sealing.master_key import MasterKey
from core_service.store.schema import blocking_engine, check_current, database_path
from core_service.store.sealers import TenantSealers
from core_service.store.sqlite import ConnectionFactory, SqliteDatabase, SqliteSettings
from core_service.store.statistics import fix_statistics
from core_service.store.tables import METADATA
from core_service.store.tables.work import feed_identity
from core_service.store.transaction import Means, Transaction
from core_service.store.unit_of_work import SqlCoreStore

_FEED_ID_BYTES = 16


async def open_core(
    url: str, *, sealing: MasterKey, clock: Clock, randomness: Randomness, connect: ConnectionFactory | None = None
) -> SqlCoreStore:
    """Open `sqlite+aiosqlite:///path`, migrated before, or `:memory:`; raises Permanent(MIGRATION_NEEDED, JOURNAL_NOT_DURABLE).

    `sqlite+aiosqlite:///:memory:` is a new, empty, throw-away database: the same engine on a file in shared memory, never synced, gone at
    close; so its snapshots and its one writer are those of production. `connect` replaces aiosqlite's connections to the file.
    """
    path = database_path(url)
    if path is None:
        settings = await asyncio.to_thread(_throw_away)
    else:
        await asyncio.to_thread(check_current, url)
        settings = SqliteSettings(path=path, connect=connect)
    database = SqliteDatabase(settings)
    sealers = TenantSealers(sealing, randomness)
    means = Means(clock=clock, randomness=randomness, sealers=sealers)
    try:
        async with database.writing() as connection:
            transaction = Transaction(connection, "", means)
            if await transaction.row(select(feed_identity.c.feed_id)) is None:
                named = {"only": 1, "feed_id": randomness.token(_FEED_ID_BYTES).hex()}
                await transaction.put_global(feed_identity, named)
            await connection.commit()
    except BaseException:
        await database.close()
        raise
    return SqlCoreStore(database, means, sealers)


def _throw_away() -> SqliteSettings:
    shared_memory = Path("/dev/shm")  # noqa: S108 - private directory below, made by mkdtemp
    directory = Path(tempfile.mkdtemp(prefix="tillstream-", dir=shared_memory if shared_memory.is_dir() else None))
    path = directory / "core.db"
    engine = blocking_engine(path)
    try:
        with engine.begin() as connection:
            METADATA.create_all(connection)
            fix_statistics(connection)
    finally:
        engine.dispose()
    return SqliteSettings(path=path, durable=False, throw_away=directory)
