"""Numbers committed changes: pending rows in, one revision per changed thing and audience out; only under the lease's fence.

A row is pending until it is numbered and deleted in one transaction, so that a change that commits late is still found (faults row 35).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Row, bindparam, delete, select, update

from adapters.seams.clock import to_millis
from core_service.store.portable import among
from core_service.store.tables.work import change_pending, feed_audience, feed_identity, feed_item, feed_lease
from core_service.store.transaction import Transaction, Values
from core_service.store.work_claims import Transactions

_Audience: TypeAlias = tuple[str, str]

_NUMBERED = delete(change_pending).where(
    change_pending.c.tenant == bindparam("of_tenant"),
    change_pending.c.unit == bindparam("of_unit"),
    change_pending.c.ordinal == bindparam("of_ordinal"),
)


class SqlFeedNumbering:
    """Numbering across tenants; each method is its own transaction."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def hold_lease(self, name: str, owner: str, now: datetime, lease_seconds: float) -> int | None:
        """Take or renew a named lease; return its fence, None when another holds it. Taking it after its end gives a new fence."""
        at, ends = to_millis(now), to_millis(now + timedelta(seconds=lease_seconds))
        # A lease that ends later than any clock nearly right could have said was taken under a wrong one.
        latest = ends + (ends - at)
        async with self._transactions.writing() as transaction:
            locked = select(feed_lease).where(feed_lease.c.name == name).with_for_update()
            row = await transaction.row(locked)
            held = row is not None and at < row.expires_at <= latest
            if row is not None and held and row.owner != owner:
                return None
            fence = 1 if row is None else row.fence if held else row.fence + 1
            lease = {"name": name, "owner": owner, "fence": fence, "expires_at": ends}
            await transaction.put_global(feed_lease, lease)
        return fence

    async def number(self, name: str, fence: int, limit: int) -> int:
        """Give revisions to at most `limit` unnumbered changes under the lease; return how many, 0 also when the fence is lost."""
        oldest = (
            select(change_pending)
            .order_by(change_pending.c.unit, change_pending.c.tenant, change_pending.c.ordinal)
            .limit(limit)
        )
        async with self._transactions.reading() as looking:
            if await looking.row(select(change_pending.c.tenant).limit(1)) is None:
                return 0
        async with self._transactions.writing() as transaction:
            # An update that changes nothing locks the lease until the commit, on engines that lock rows.
            holding = update(feed_lease).where(feed_lease.c.name == name, feed_lease.c.fence == fence)
            if await transaction.changed(holding.values(fence=fence)) != 1:
                return 0
            rows = await transaction.rows(oldest)
            await _number(transaction, rows)
        return len(rows)

    async def heads(self) -> dict[tuple[str, str], int]:
        """Return the newest revision of every (tenant, audience) that was ever told something."""
        async with self._transactions.reading() as transaction:
            rows = await transaction.rows(select(feed_audience))
        return {(row.tenant, row.audience): row.revision for row in rows}

    async def feed_id(self) -> str:
        """Return this database's feed id; a restored database gets a new one by `core-service restore`."""
        async with self._transactions.reading() as transaction:
            row = await transaction.row(select(feed_identity.c.feed_id))
        return str(row.feed_id) if row else ""


async def _number(transaction: Transaction, rows: Sequence[Row[Any]]) -> None:
    things = sorted({(row.tenant, row.audience, row.kind, row.subject): None for row in rows})
    newest = await _newest(transaction, sorted({(tenant, audience): None for tenant, audience, _, _ in things}))
    items: list[Values] = []
    for tenant, audience, kind, subject in things:
        newest[tenant, audience] += 1
        revision = newest[tenant, audience]
        items.append({"tenant": tenant, "audience": audience, "kind": kind, "subject": subject, "revision": revision})
    await transaction.put(feed_item, items)
    counters = [{"tenant": tenant, "audience": name, "revision": last} for (tenant, name), last in newest.items()]
    await transaction.put(feed_audience, counters)
    done = [{"of_tenant": row.tenant, "of_unit": row.unit, "of_ordinal": row.ordinal} for row in rows]
    await transaction.each(_NUMBERED, done)


async def _newest(transaction: Transaction, audiences: Sequence[_Audience]) -> dict[_Audience, int]:
    newest = dict.fromkeys(audiences, 0)
    if audiences:
        named = among((feed_audience.c.tenant, feed_audience.c.audience), audiences)
        for row in await transaction.rows(select(feed_audience).where(named)):
            newest[row.tenant, row.audience] = row.revision
    return newest
