"""Parked messages: exceptions in, found again by reason and place; parking the same one twice keeps the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, select, tuple_

from adapters.reasons import Reason
from adapters.seams.clock import from_millis, to_millis
from core_service.domain.exception import ExceptionStatus, ParkedException
from core_service.ports.orders import Place
from core_service.store.portable import among
from core_service.store.tables.orders import parked_exception
from core_service.store.transaction import Transaction, Values


class SqlExceptions:
    """Parked messages of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, exceptions: Sequence[ParkedException]) -> None:
        """Park; an exception already there (same id) is left as it is."""
        await self._transaction.add_new(parked_exception, [_to_values(parked) for parked in exceptions])

    async def get(self, exception_id: str) -> ParkedException | None:
        """Return one."""
        table = parked_exception
        mine = self._transaction.mine(table)
        row = await self._transaction.row(select(table).where(mine, table.c.exception_id == exception_id))
        return _from_row(row) if row else None

    async def save(self, exception: ParkedException) -> None:
        """Store one after a replay."""
        await self._transaction.put(parked_exception, [_to_values(exception)])

    async def list(
        self, reason: str, status: ExceptionStatus | None, after: Place | None, limit: int
    ) -> list[ParkedException]:
        """Return exceptions, oldest first, after a place."""
        table = parked_exception
        statement = select(table).where(self._transaction.mine(table))
        if reason:
            statement = statement.where(table.c.reason == reason)
        if status is not None:
            statement = statement.where(table.c.status == status.value)
        if after is not None:
            statement = statement.where(tuple_(table.c.created_at, table.c.exception_id) > tuple_(*after))
        statement = statement.order_by(table.c.created_at, table.c.exception_id).limit(limit)
        return [_from_row(row) for row in await self._transaction.rows(statement)]

    async def about(self, reason: str, record_ids: Iterable[str]) -> Sequence[ParkedException]:
        """Return the open exceptions of a reason that name one of these records, oldest first."""
        asked = sorted(set(record_ids))
        if not asked:
            return []
        table = parked_exception
        statement = select(table).where(
            self._transaction.mine(table),
            table.c.status == ExceptionStatus.OPEN.value,
            table.c.reason == reason,
            among([table.c.record_id], [(name,) for name in asked]),
        )
        statement = statement.order_by(table.c.created_at, table.c.exception_id)
        return [_from_row(row) for row in await self._transaction.rows(statement)]


def _to_values(parked: ParkedException) -> Values:
    return {
        "exception_id": parked.exception_id,
        "reason": parked.reason.value,
        "sentence": parked.sentence,
        "owner": parked.owner,
        "source": parked.source,
        "created_at": to_millis(parked.created_at),
        "status": parked.status.value,
        "reference": parked.reference,
        "dialect": parked.dialect,
        "dialect_version": parked.dialect_version,
        "replays": parked.replays,
        "record_id": parked.record_id,
        "agent": parked.agent,
        "epoch": parked.epoch,
        "sequence": parked.sequence,
    }


def _from_row(row: Row[Any]) -> ParkedException:
    return ParkedException(
        exception_id=row.exception_id,
        reason=Reason(row.reason),
        sentence=row.sentence,
        owner=row.owner,
        source=row.source,
        created_at=from_millis(row.created_at),
        status=ExceptionStatus(row.status),
        reference=row.reference,
        dialect=row.dialect,
        dialect_version=row.dialect_version,
        replays=row.replays,
        record_id=row.record_id,
        agent=row.agent,
        epoch=row.epoch,
        sequence=row.sequence,
    )
