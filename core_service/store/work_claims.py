"""The worker's side of due work: owner and moment in, work held under a lease with a fence out; only the fence's holder may end it.

open, due --claim--> open, due when the lease ends --complete--> done
                           |      ^    |
                           +-retry+    +--park--> parked            (each only while the fence is the holder's)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Row, Select, bindparam, literal_column, select, update

from adapters.seams.clock import to_millis
from core_service.domain.work import ClaimedWork, WorkKind
from core_service.ports.work import TenantDestination
from core_service.store.portable import among
from core_service.store.tables.work import work as works
from core_service.store.transaction import Transaction
from core_service.store.work_queue import DONE, OPEN, PARKED

_IS_OPEN = works.c.state == literal_column(f"'{OPEN}'")
"""Spelt as in the index, without a parameter, or the index would not serve."""

_HOLD = (
    update(works)
    .where(works.c.tenant == bindparam("of_tenant"), works.c.work_id == bindparam("of_work"))
    .values(
        owner=bindparam("new_owner"),
        due_at=bindparam("lease_ends"),
        fence=works.c.fence + 1,
        attempts=works.c.attempts + 1,
    )
)


class Transactions(Protocol):
    """Opens transactions that belong to no tenant."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open one that is committed when the block ends well."""

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a snapshot."""


class SqlWorkClaims:
    """Claims across tenants; each method is its own transaction."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, limit: int, skip: Sequence[TenantDestination]
    ) -> list[ClaimedWork]:
        """Take due work (or work whose lease ended) but for the destinations in `skip`, by priority then due time, with a new fence each."""
        due = _due(to_millis(now), limit, skip)
        async with self._transactions.reading() as looking:
            # Looking first keeps idle workers from queueing for the write lock.
            if await looking.row(due) is None:
                return []
        lease_ends = to_millis(now + timedelta(seconds=lease_seconds))
        async with self._transactions.writing() as transaction:
            rows = await transaction.rows(due.with_for_update(skip_locked=True))
            held = [
                {"of_tenant": row.tenant, "of_work": row.work_id, "new_owner": owner, "lease_ends": lease_ends}
                for row in rows
            ]
            await transaction.each(_HOLD, held)
        return [_claimed(row) for row in rows]

    async def complete(self, work: ClaimedWork, now: datetime) -> bool:
        """Mark as done if the fence still holds; False otherwise."""
        return await self._end(work, {"state": DONE, "finished_at": to_millis(now), "reason": "", "sentence": ""})

    async def retry(self, work: ClaimedWork, due_at: datetime, reason: str, sentence: str) -> bool:
        """Give back for a later try if the fence still holds."""
        given_back = {"due_at": to_millis(due_at), "owner": "", "fence": work.fence + 1}
        return await self._end(work, {**given_back, "reason": reason, "sentence": sentence})

    async def park(self, work: ClaimedWork, now: datetime, reason: str, sentence: str) -> bool:
        """Give up until a person acts, if the fence still holds."""
        ended = {"state": PARKED, "finished_at": to_millis(now)}
        return await self._end(work, {**ended, "reason": reason, "sentence": sentence})

    async def _end(self, work: ClaimedWork, values: dict[str, Any]) -> bool:
        async with self._transactions.writing() as transaction:
            ended = await transaction.changed(
                update(works)
                .where(
                    works.c.tenant == work.tenant,
                    works.c.work_id == work.work_id,
                    works.c.state == OPEN,
                    works.c.fence == work.fence,
                )
                .values(values)
            )
        return ended == 1


def _due(now: int, limit: int, skip: Sequence[TenantDestination]) -> Select[Any]:
    statement = select(works).where(_IS_OPEN, works.c.due_at <= now)
    if skip:
        statement = statement.where(~among((works.c.tenant, works.c.destination), sorted(set(skip))))
    return statement.order_by(works.c.priority, works.c.due_at, works.c.tenant, works.c.work_id).limit(limit)


def _claimed(row: Row[Any]) -> ClaimedWork:
    return ClaimedWork(
        tenant=row.tenant,
        work_id=row.work_id,
        kind=WorkKind(row.kind),
        subject=row.subject,
        destination=row.destination,
        attempt=row.attempts + 1,
        max_attempts=row.max_attempts,
        fence=row.fence + 1,
    )
