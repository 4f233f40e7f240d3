"""SQLite as the core's engine: a path in, one writing and several reading connections out; WAL and synchronous=FULL asserted at open.

    begin()  asyncio lock -> the one writing connection -> BEGIN IMMEDIATE      (another process waits for it, or we for it)
    read()   one of a few reading connections -> BEGIN                          (one snapshot from its first query on, query_only)

Connections come from a factory, so that a simulation can pass inline ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from core_service.store.transaction import finished, translated

ConnectionFactory: TypeAlias = Callable[[], Awaitable[Any]]
"""Makes an object with the methods of `aiosqlite.Connection`, opened with `isolation_level=None`."""

BUSY_SECONDS = 5.0
"""How long to wait for another process (a command line beside the running service)."""

READERS = 8
"""Most reading connections; whoever needs one more waits, at most BUSY_SECONDS."""

_WAL_LIMIT_BYTES = 64 * 1024 * 1024
_CACHE_KIBIBYTES = 64 * 1024
_READER_CACHE_KIBIBYTES = 8 * 1024
_SYNCHRONOUS = {True: ("FULL", 2), False: ("OFF", 0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteSettings:
    """Where the database is; `durable` False gives up safety for speed and is for throw-away databases only."""

    path: Path
    durable: bool = True
    connect: ConnectionFactory | None = None
    throw_away: Path | None = None
    """Directory to remove at close."""


class SqliteDatabase:
    """The engines of one SQLite file."""

    def __init__(self, settings: SqliteSettings) -> None:
        self._settings = settings
        self._writing = asyncio.Lock()
        self._in_use = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer = self._engine("BEGIN IMMEDIATE", connections=1, writes=True)
        self._reader = self._engine("BEGIN", connections=READERS, writes=False)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open the one write transaction; left without a commit it is rolled back."""
        async with self._writing, self._transaction(self._writer) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a snapshot."""
        async with self._transaction(self._reader) as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection, once who was cut off has given his back; the last one to close brings the WAL home."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BUSY_SECONDS):
                await self._idle.wait()
        await self._reader.dispose()
        await self._writer.dispose()
        if self._settings.throw_away is not None:
            await asyncio.to_thread(shutil.rmtree, self._settings.throw_away, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        with translated(), self._using():
            connection = engine.connect()
            try:
                await finished(_begin(connection))
                yield connection
            except Transient as error:
                if error.reason is Reason.DATABASE_UNAVAILABLE:
                    # After a failed write or fsync nothing that this connection holds in memory can be trusted.
                    await finished(connection.invalidate())
                raise
            finally:
                if connection.sync_connection is not None:
                    await finished(connection.close())

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        self._in_use += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_use -= 1
            if self._in_use == 0:
                self._idle.set()

    def _engine(self, begin: str, *, connections: int, writes: bool) -> AsyncEngine:
        arguments: dict[str, Any] = {
            "connect_args": {"isolation_level": None, "timeout": BUSY_SECONDS},
            "pool_size": connections,
            "max_overflow": 0,
            "pool_timeout": BUSY_SECONDS,
        }
        if self._settings.connect is not None:
            arguments["async_creator"] = self._settings.connect
        engine = create_async_engine(f"sqlite+aiosqlite:///{self._settings.path}", **arguments)

        def on_connect(connection: Any, _record: Any) -> None:
            prepare(connection, writes=writes, durable=self._settings.durable)

        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        event.listen(engine.sync_engine, "connect", on_connect)
        event.listen(engine.sync_engine, "begin", on_begin)
        return engine


async def _begin(connection: AsyncConnection) -> None:
    _started = await connection.start()
    _begun = await connection.begin()


def prepare(connection: Any, *, writes: bool, durable: bool) -> None:
    """Set a new connection up; raises Permanent(JOURNAL_NOT_DURABLE) when the file does not take WAL or FULL (faults row 13)."""
    word, number = _SYNCHRONOUS[durable]
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        mode = _answer(cursor, "PRAGMA journal_mode=WAL" if writes else "PRAGMA journal_mode")
        cursor.execute(f"PRAGMA synchronous={word}")
        cursor.execute(f"PRAGMA cache_size={-_CACHE_KIBIBYTES if writes else -_READER_CACHE_KIBIBYTES}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute(f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}")
        synchronous = _answer(cursor, "PRAGMA synchronous")
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
    finally:
        cursor.close()
    if mode != "wal" or synchronous != number:
        sentence = f"The database is in journal mode {mode!r}, synchronous {synchronous}, not 'wal' and {number}; what it commits"
        sentence += " could be lost. Put it on a local filesystem that the service may write to."
        raise Permanent(Reason.JOURNAL_NOT_DURABLE, sentence)


def _answer(cursor: Any, pragma: str) -> Any:
    cursor.execute(pragma)
    row = cursor.fetchone()
    return row[0] if row else None
