"""Changes of a tenant: recorded unnumbered with their cause, read by the revision that numbering gave them after commit."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from adapters.seams.clock import to_millis
from core_service.ports.work import Change, ChangeKind, FeedItem
from core_service.store.tables.work import change_pending, feed_audience, feed_item
from core_service.store.transaction import Transaction

_RANDOM_BYTES = 8


class SqlChanges:
    """Changes of one tenant; a thing that changes many times in a transaction is recorded once."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._recorded: set[Change] = set()
        self._unit = b""

    async def record(self, changes: Sequence[Change]) -> None:
        """Record that things changed, in the transaction that changes them."""
        new = [change for change in dict.fromkeys(changes) if change not in self._recorded]
        first = len(self._recorded)
        self._recorded.update(new)
        rows = [
            {
                "unit": self._name(),
                "ordinal": first + place,
                "audience": change.audience,
                "kind": change.kind.value,
                "subject": change.subject,
            }
            for place, change in enumerate(new)
        ]
        await self._transaction.add(change_pending, rows)

    async def since(self, audience: str, revision: int, limit: int) -> list[FeedItem]:
        """Return what changed after a revision, by revision; each thing once, at its newest."""
        rows = await self._transaction.rows(
            select(feed_item.c.kind, feed_item.c.subject, feed_item.c.revision)
            .where(
                self._transaction.mine(feed_item),
                feed_item.c.audience == audience,
                feed_item.c.revision > revision,
            )
            .order_by(feed_item.c.revision)
            .limit(limit)
        )
        return [FeedItem(kind=ChangeKind(row.kind), subject=row.subject, revision=row.revision) for row in rows]

    async def newest(self, audience: str) -> int:
        """Return the newest revision of an audience; 0 when nothing was told yet."""
        row = await self._transaction.row(
            select(feed_audience.c.revision).where(
                self._transaction.mine(feed_audience), feed_audience.c.audience == audience
            )
        )
        return int(row.revision) if row else 0

    def _name(self) -> bytes:
        if not self._unit:
            means = self._transaction.means
            started = to_millis(means.clock.now()).to_bytes(8, "big", signed=True)
            self._unit = started + means.randomness.token(_RANDOM_BYTES)
        return self._unit
