"""What is written once about records: lineage and audit in order, first answers to requests, the inbox of webhooks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Insert, Table, bindparam, func, insert, select, update

from adapters.seams.clock import from_millis, to_millis
from core_service.domain.order import LineageStep
from core_service.ports.orders import AuditEntry, StoredAnswer, WebhookEvent
from core_service.store.tables.orders import answer as answers
from core_service.store.tables.orders import audit, lineage, webhook_event
from core_service.store.transaction import Transaction


def _appending(table: Table, subject: str) -> Insert:
    """Return an insert that gives each row the ordinal after its subject's last, by parameters `of_tenant` and `of_subject`."""
    last = select(func.coalesce(func.max(table.c.ordinal), 0)).where(
        table.c.tenant == bindparam("of_tenant"), table.c[subject] == bindparam("of_subject")
    )
    return insert(table).values(ordinal=last.scalar_subquery() + 1)


_APPEND_LINEAGE = _appending(lineage, "record_id")
_APPEND_AUDIT = _appending(audit, "subject")


class SqlLineage:
    """Lineage of one tenant's records."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, steps: Sequence[LineageStep]) -> None:
        """Append steps."""
        await self._transaction.write(
            _APPEND_LINEAGE,
            [
                {
                    "of_tenant": self._transaction.tenant,
                    "of_subject": step.record_id,
                    "record_id": step.record_id,
                    "at": to_millis(step.at),
                    "stage": step.stage,
                    "sentence": step.sentence,
                    "details": msgspec.json.encode(step.details).decode(),
                }
                for step in steps
            ],
        )

    async def of(self, record_id: str) -> list[LineageStep]:
        """Return a record's steps, oldest first."""
        mine = self._transaction.mine(lineage)
        rows = await self._transaction.rows(
            select(lineage).where(mine, lineage.c.record_id == record_id).order_by(lineage.c.ordinal)
        )
        return [
            LineageStep(
                record_id=row.record_id,
                at=from_millis(row.at),
                stage=row.stage,
                sentence=row.sentence,
                details=msgspec.json.decode(row.details, type=dict[str, str]),
            )
            for row in rows
        ]


class SqlAnswers:
    """First answers to one tenant's requests."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(self, caller: str, method: str, request_id: str) -> StoredAnswer | None:
        """Return the first answer, if there is one."""
        row = await self._transaction.row(
            select(answers).where(
                self._transaction.mine(answers),
                answers.c.caller == caller,
                answers.c.method == method,
                answers.c.request_id == request_id,
            )
        )
        if row is None:
            return None
        return StoredAnswer(
            caller=row.caller,
            request_id=row.request_id,
            method=row.method,
            digest=row.digest,
            answer=row.answer,
            at=from_millis(row.at),
        )

    async def add(self, answer: StoredAnswer) -> None:
        """Record it in the transaction of the effect."""
        row = {
            "caller": answer.caller,
            "method": answer.method,
            "request_id": answer.request_id,
            "digest": answer.digest,
            "answer": answer.answer,
            "at": to_millis(answer.at),
        }
        await self._transaction.add(answers, [row])


class SqlWebhookInbox:
    """Webhooks sent to one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, event: WebhookEvent) -> bool:
        """Record an event; False when the location sent this id before."""
        row = {
            "location": event.location,
            "event_id": event.event_id,
            "raw_id": event.raw_id,
            "received_at": to_millis(event.received_at),
            "processed": event.processed,
        }
        return await self._transaction.add_first(webhook_event, row)

    async def get(self, location: str, event_id: str) -> WebhookEvent | None:
        """Return an event."""
        row = await self._transaction.row(
            select(webhook_event).where(
                self._transaction.mine(webhook_event),
                webhook_event.c.location == location,
                webhook_event.c.event_id == event_id,
            )
        )
        if row is None:
            return None
        return WebhookEvent(
            location=row.location,
            event_id=row.event_id,
            raw_id=row.raw_id,
            received_at=from_millis(row.received_at),
            processed=row.processed,
        )

    async def processed(self, location: str, event_id: str) -> None:
        """Mark it as processed."""
        await self._transaction.execute(
            update(webhook_event)
            .where(
                self._transaction.mine(webhook_event),
                webhook_event.c.location == location,
                webhook_event.c.event_id == event_id,
            )
            .values(processed=True)
        )


class SqlAudit:
    """Audit of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, entry: AuditEntry) -> None:
        """Append."""
        row = {
            "of_tenant": self._transaction.tenant,
            "of_subject": entry.subject,
            "subject": entry.subject,
            "at": to_millis(entry.at),
            "actor": entry.actor,
            "action": entry.action,
            "note": entry.note,
        }
        await self._transaction.write(_APPEND_AUDIT, [row])

    async def of(self, subject: str) -> list[AuditEntry]:
        """Return what was done to a subject, oldest first."""
        mine = self._transaction.mine(audit)
        rows = await self._transaction.rows(
            select(audit).where(mine, audit.c.subject == subject).order_by(audit.c.ordinal)
        )
        return [
            AuditEntry(at=from_millis(row.at), actor=row.actor, action=row.action, subject=row.subject, note=row.note)
            for row in rows
        ]
