"""Why a record is as it is: the id of a sale, order, exception or receipt in, what happened to it, oldest first, out (invariant 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adapters.canonical.entry import Outcome
from adapters.canonical.quantity import show
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.order import LineageStep
from core_service.ports.ingest import FactRecord, InboxRow, SaleRecord
from core_service.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a record is (`sale`, `order`, `exception`, `receipt`, `booking`) and its whole story."""

    kind: str
    steps: tuple[LineageStep, ...]


async def explain(uow: UnitOfWork, record_id: str) -> Explanation:
    """Tell a record's story; raises Permanent(NOT_FOUND) for an id that names none."""
    prefix = record_id.partition("_")[0]
    if prefix == "sal" and (sale := (await uow.sales.get([record_id])).get(record_id)):
        return Explanation(kind="sale", steps=tuple(await _sale(uow, sale)))
    if prefix == "ord" and (order := await uow.orders.get(record_id)):
        sales = await uow.sales.get([order.sale_id]) if order.sale_id else {}
        before = [step for sale in sales.values() for step in await _sale(uow, sale)]
        return Explanation(kind="order", steps=(*before, *await uow.lineage.of(record_id)))
    if prefix == "exc" and (exception := await uow.exceptions.get(record_id)):
        row = await uow.inbox.get(exception.agent, exception.epoch, exception.sequence) if exception.sequence else None
        return Explanation(kind="exception", steps=(*_entry(record_id, row), *await uow.lineage.of(record_id)))
    row = await uow.inbox.by_receipt(record_id)
    if row is not None:
        return await _receipt(uow, row)
    steps = await uow.lineage.of(record_id)
    if not steps:
        sentence = f"No sale, order, exception or receipt is called {record_id!r}; look it up with the listings."
        raise Permanent(Reason.NOT_FOUND, sentence, path="record_id")
    return Explanation(kind="booking", steps=(*steps, *await _movements(uow, record_id, steps[0])))


async def _receipt(uow: UnitOfWork, row: InboxRow) -> Explanation:
    about = row.verdict.record_id
    if about and about != row.entry.content.receipt_id and about.startswith(("sal_", "exc_")):
        told = await explain(uow, about)
        if row.verdict.outcome is not Outcome.REPEAT:
            return Explanation(kind=told.kind, steps=told.steps)
        return Explanation(kind=told.kind, steps=(*_entry(about, row), *told.steps))
    return Explanation(kind="receipt", steps=tuple(_entry(row.entry.content.receipt_id, row)))


async def _sale(uow: UnitOfWork, sale: SaleRecord) -> list[LineageStep]:
    row = await uow.inbox.by_receipt(sale.receipt_id) if sale.receipt_id else None
    steps = [*_entry(sale.sale_id, row), _read(sale)]
    booked = await uow.lineage.of(sale.sale_id)
    causes = dict.fromkeys(cause for step in booked if (cause := step.details.get("cause")))
    moved = [step for cause in causes for step in await _movements(uow, cause, _read(sale))]
    facts = [_fact(fact) for fact in await uow.sales.facts_of(sale.sale_id)]
    return [*steps, *booked, *moved, *facts]


async def _movements(uow: UnitOfWork, cause: str, like: LineageStep) -> list[LineageStep]:
    return [
        LineageStep(
            record_id=like.record_id,
            at=like.at,
            stage="moved",
            sentence=f"{show(moved.quantity)} of {moved.sku} from {moved.from_location} to {moved.to_location}.",
            details={"cause": cause, "line": str(moved.line)},
        )
        for moved in await uow.stock.movements_of(cause)
    ]


def _entry(record_id: str, row: InboxRow | None) -> Iterable[LineageStep]:
    if row is None:
        return []
    content, verdict = row.entry.content, row.verdict
    came = {
        "agent": row.agent,
        "epoch": row.entry.id.epoch.hex(),
        "sequence": str(row.entry.id.sequence),
        "receipt": content.receipt_id,
        "raw": row.raw_id,
    }
    said = {"outcome": str(verdict.outcome), "reason": verdict.reason, "record": verdict.record_id}
    return [
        LineageStep(
            record_id=record_id,
            at=content.received_at,
            stage="received",
            sentence=f"Store {row.store}, till {content.till or 'none'}, by {content.transport} as {content.dialect or 'its own fact'}.",
            details=came,
        ),
        LineageStep(
            record_id=record_id,
            at=row.committed_at,
            stage="settled",
            sentence=f"The core answered {verdict.outcome}. {verdict.sentence}".strip(),
            details={name: text for name, text in said.items() if text},
        ),
    ]


def _read(sale: SaleRecord) -> LineageStep:
    document = sale.sale
    return LineageStep(
        record_id=sale.sale_id,
        at=sale.booked_at,
        stage="read",
        sentence=f"Read as {document.kind} {document.reference} with {_count(len(document.lines), 'line')}, revision {sale.revision}.",
        details={
            "dialect": sale.dialect,
            "dialect_version": sale.dialect_version,
            "total": str(document.total) if document.total else "",
            "raw": sale.raw_id,
        },
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _fact(record: FactRecord) -> LineageStep:
    fact = record.fact
    return LineageStep(
        record_id=record.sale_id,
        at=record.booked_at,
        stage="fact",
        sentence=f"{fact.kind} {fact.reference} of {fact.amount or 'no amount'}: {fact.status or 'no status'}.",
        details={"fact": record.fact_id},
    )
