"""The tenant's side of due work: work in with the change that causes it; causing it twice enqueues it once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, case, update

from adapters.seams.clock import to_millis
from core_service.domain.work import NewWork
from core_service.store.tables.work import work as works
from core_service.store.transaction import Transaction, Values

OPEN = "open"
DONE = "done"
PARKED = "parked"


class SqlWorkQueue:
    """Due work of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def enqueue(self, work: Sequence[NewWork]) -> None:
        """Enqueue; work with an id already there is left as it is."""
        now = to_millis(self._transaction.means.clock.now())
        await self._transaction.add_new(works, [_to_values(new, now) for new in work])

    async def again(self, work: NewWork) -> None:
        """Enqueue, or make due again whatever its state; who holds it loses the fence, so that news that came while it ran is not missed."""
        now = to_millis(self._transaction.means.clock.now())
        if await self._transaction.add_first(works, _to_values(work, now)):
            return
        due = to_millis(work.due_at)
        waits_longer = and_(works.c.state == OPEN, works.c.owner == "", works.c.due_at < due)
        await self._transaction.execute(
            update(works)
            .where(self._transaction.mine(works), works.c.work_id == work.work_id)
            .values(
                state=OPEN,
                due_at=case((waits_longer, works.c.due_at), else_=due),
                priority=work.priority,
                max_attempts=work.max_attempts,
                destination=work.destination,
                attempts=0,
                fence=works.c.fence + 1,
                owner="",
                reason="",
                sentence="",
                finished_at=0,
            )
        )


def _to_values(new: NewWork, now: int) -> Values:
    return {
        "work_id": new.work_id,
        "kind": new.kind.value,
        "subject": new.subject,
        "destination": new.destination,
        "due_at": to_millis(new.due_at),
        "priority": new.priority,
        "max_attempts": new.max_attempts,
        "state": OPEN,
        "attempts": 0,
        "fence": 0,
        "owner": "",
        "reason": "",
        "sentence": "",
        "enqueued_at": now,
        "finished_at": 0,
    }
