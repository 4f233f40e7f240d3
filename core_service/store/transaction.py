"""One database transaction of one tenant: rows of one tenant in and out, errors of the engine translated at the border."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, CursorResult, Executable, Row, Table, exc
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.sealing.sealer import Sealer
from core_service.store.bulk import prepared
from core_service.store.portable import insert_new, insert_only, upsert

T = TypeVar("T")

Values: TypeAlias = dict[str, Any]
"""Column names with their values; the tenant is added here and never by repositories."""


class Sealers(Protocol):
    """Gives the sealer of a tenant, reading its wrapped key in the given transaction when it is not at hand."""

    async def of(self, transaction: Transaction) -> Sealer:
        """Return the tenant's sealer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What repositories may draw on besides their connection."""

    clock: Clock
    randomness: Randomness
    sealers: Sealers


class Transaction:
    """A tenant's view of one open transaction. Every row written gets the tenant; every condition starts with `mine`."""

    def __init__(self, connection: AsyncConnection, tenant: str, means: Means) -> None:
        self.tenant = tenant
        self.means = means
        self.ended = False
        self._connection = connection

    def mine(self, table: Table) -> ColumnElement[bool]:
        """Return the condition that a row is the tenant's."""
        condition: ColumnElement[bool] = table.c.tenant == self.tenant
        return condition

    async def execute(self, statement: Executable, rows: Sequence[Values] | Values | None = None) -> CursorResult[Any]:
        """Run a statement; engine errors come out as Transient or Permanent."""
        self._require_open()
        with translated():
            return await finished(self._connection.execute(statement, rows))

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        return (await self.execute(statement)).all()

    async def row(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of a query, if there is one."""
        return (await self.execute(statement)).first()

    async def changed(self, statement: Executable) -> int:
        """Run one statement and return how many rows it changed."""
        return (await self.execute(statement)).rowcount

    async def add(self, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows; raises Permanent(ALREADY_EXISTS) when one is there."""
        await self.write(insert_only(table), rows)

    async def add_new(self, table: Table, rows: Sequence[Values]) -> None:
        """Insert the rows that are not there yet."""
        await self.write(insert_new(table), rows)

    async def add_first(self, table: Table, row: Values) -> bool:
        """Insert a row; False when it was there already."""
        return (await self.execute(insert_new(table), {"tenant": self.tenant, **row})).rowcount == 1

    async def put(self, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows or replace those that are there."""
        await self.write(upsert(table), rows)

    async def put_global(self, table: Table, row: Values) -> None:
        """Insert or replace a row of a table that has no tenant."""
        await self.execute(upsert(table), row)

    async def write(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Run an insert once for each row, with the tenant among its columns (unless the row names one: the platform's work)."""
        tenant = {"tenant": self.tenant}
        await self.each(statement, [tenant | row for row in rows])

    async def each(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Run a statement once for each set of parameters; all have the same names."""
        if not rows:
            return
        self._require_open()
        many = prepared(statement, self._connection.dialect, tuple(rows[0]))
        with translated():
            await finished(self._connection.exec_driver_sql(many.text, many.parameters(rows)))

    def _require_open(self) -> None:
        if self.ended:
            message = "this unit of work has ended; open another one"
            raise RuntimeError(message)


async def finished(call: Coroutine[Any, Any, T]) -> T:
    """Return what a call to the database returns; one whose caller is cancelled meanwhile ends first, then the cancellation goes on.

    A driver that is left in the middle of a statement never gives its write lock back: nobody could write until a restart.
    """
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise


@contextmanager
def translated() -> Iterator[None]:
    """Turn the engine's errors into ours: a broken rule is Permanent, everything else may pass and is Transient."""
    try:
        yield
    except TillstreamError:
        raise
    except exc.IntegrityError as error:
        raise _broken_rule(error) from error
    except exc.TimeoutError as error:
        sentence = "All connections to the database are busy; try again in a moment."
        raise Transient(Reason.OVERLOADED, sentence, retry_after=1.0) from error
    except (exc.DBAPIError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        sentence = (
            f"The database did not do it ({cause}); nothing of this was kept. Check disk and permissions, then retry."
        )
        raise Transient(Reason.DATABASE_UNAVAILABLE, sentence, retry_after=1.0) from error


def _broken_rule(error: exc.IntegrityError) -> Exception:
    """Return our error for a rule that records break; anything else is our own mistake and stays what it is."""
    name = getattr(error.orig, "sqlite_errorname", "")
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        sentence = "The record refers to one that does not exist; create that first."
        return Permanent(Reason.REFERENCE_UNKNOWN, sentence)
    if name in {"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"}:
        sentence = "A record of this name is there already; records of this kind are written once."
        return Permanent(Reason.ALREADY_EXISTS, sentence)
    return error
