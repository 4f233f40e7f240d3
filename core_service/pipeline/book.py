"""What a document does: a checked document and the desk in, movements, positions, orders and records drafted out; pure (invariants 5, 9, 10).

What a till sold in earnest always books, even below zero. Amendments book the difference, voids reverse what is in effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.canonical import rights
from adapters.canonical.entry import Outcome, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.quantity import show
from adapters.canonical.sale import DocumentKind, Fact, Sale
from adapters.canonical.stock import CUSTOMER, Movement
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.pipeline import names
from core_service.pipeline.desk import Draft
from core_service.pipeline.normalise import Read
from core_service.pipeline.route import Router
from core_service.pipeline.shipping import follow_lines, order_shipped_lines, stop_orders
from core_service.pipeline.validate import ships
from core_service.ports.ingest import FactRecord, KnownFact, SaleRecord


@dataclass(frozen=True, slots=True)
class Goods:
    """What changes hands over the counter: `quantity` out of the store, negative when it comes back. (line, ordinal) is unique."""

    line: int
    ordinal: int
    sku: str
    quantity: Decimal


def book_fact(draft: Draft, read: Read, fact: Fact, key: BusinessKey, outcome: Outcome) -> Verdict:
    """Record a payment or refund beside its sale, which may come later; no stock moves."""
    tenant = draft.desk.tenant
    record = FactRecord(
        fact_id=names.fact_id(tenant, key),
        store=read.store,
        fact=fact,
        sale_id=names.sale_id_about(tenant, key.source, fact.about) if fact.about else "",
        raw_id=read.raw_id,
        booked_at=draft.desk.now,
    )
    draft.effects.facts.append(record)
    draft.effects.keys.append(KnownFact(key=key, record_id=record.fact_id))
    return Verdict(sequence=read.entry.id.sequence, outcome=outcome, record_id=record.fact_id)


def book_document(draft: Draft, read: Read, sale: Sale, key: BusinessKey, router: Router) -> Verdict:
    """Book a new sale, return or void."""
    record = _record(draft, read, sale, key)
    if sale.kind is DocumentKind.VOID:
        return _void(draft, read, record, key)
    cancelled = draft.desk.facts.get((DocumentKind.VOID.value, key.source, key.reference)) if key.revision else None
    if cancelled:
        return _cancelled_before(draft, read, replace(record, voided_by=cancelled[0].record_id), key)
    _keep(draft, record, key)
    for goods in _moving(sale):
        _move(draft, record, goods)
    order_ids = order_shipped_lines(draft, record, key, None, router)
    draft.tell(record.sale_id, "booked", _said(draft, record), _origin(read) | _cause_of(record))
    return _verdict(read, Outcome.BOOKED, record, order_ids)


def amend_document(draft: Draft, read: Read, sale: Sale, key: BusinessKey, router: Router) -> Verdict:
    """Book the difference between a document on record and its higher revision."""
    record = _record(draft, read, sale, key)
    before = draft.desk.sales[record.sale_id]
    record = replace(record, voided_by=before.voided_by)
    if sale.original_reference != before.sale.original_reference and sale.kind is DocumentKind.VOID:
        sentence = f"Revision {key.revision} voids another document than {before.sale.original_reference!r}; send it as a void of its own."
        raise Permanent(Reason.CONFLICTING_DUPLICATE, sentence)
    _keep(draft, record, key)
    if record.voided_by:
        sentence = f"Recorded without effect: {record.voided_by} voided it before."
        draft.tell(record.sale_id, "amended", sentence, _origin(read))
        return _verdict(read, Outcome.NO_EFFECT, record, (), sentence=sentence)
    differences = _difference(net(before.sale), net(sale))
    for goods in differences:
        _move(draft, record, goods)
    order_ids = follow_lines(draft, before, record, key, router)
    moved = ", ".join(f"{show(goods.quantity)} {goods.sku}" for goods in differences)
    sentence = f"Revision {key.revision} replaces {before.revision}; the difference is booked."
    draft.tell(record.sale_id, "amended", sentence, _origin(read) | _cause_of(record) | {"moved": moved})
    return _verdict(read, Outcome.AMENDED, record, order_ids)


def record_older(draft: Draft, read: Read, key: BusinessKey, first: KnownFact) -> Verdict:
    """Record that an older revision came late; it has no effect."""
    draft.effects.keys.append(KnownFact(key=key, record_id=first.record_id))
    sentence = f"Revision {key.revision} came after {first.key.revision}, which stays in effect."
    draft.tell(first.record_id, "deduplicated", sentence, _origin(read))
    return Verdict(
        sequence=read.entry.id.sequence,
        outcome=Outcome.NO_EFFECT,
        reason=Reason.OLDER_REVISION,
        sentence=sentence,
        record_id=first.record_id,
    )


def net(sale: Sale) -> dict[str, Decimal]:
    """Return what a document takes from the store by SKU; negative quantities come back. Lines to be shipped take nothing here."""
    total: dict[str, Decimal] = {}
    for goods in _moving(sale):
        total[goods.sku] = total.get(goods.sku, Decimal(0)) + goods.quantity
    return total


def _void(draft: Draft, read: Read, record: SaleRecord, key: BusinessKey) -> Verdict:
    original = _original(draft, record, key)
    if original is None and key.revision and record.sale.original_reference == key.reference:
        _keep(draft, record, key)
        sentence = "Its source cancelled it before it was completed; there is nothing to reverse."
        draft.tell(record.sale_id, "booked", sentence, _origin(read))
        return _verdict(read, Outcome.NO_EFFECT, record, (), sentence=sentence)
    if original is None:
        raise _nothing_to_void(record)
    _keep(draft, record, key)
    if original.voided_by:
        sentence = f"{original.sale.reference} was voided before by {original.voided_by}; recorded without effect."
        draft.tell(record.sale_id, "booked", sentence, _origin(read))
        return _verdict(read, Outcome.NO_EFFECT, record, (), sentence=sentence)
    for goods in _difference(net(original.sale), {}):
        _move(draft, record, goods)
    draft.effects.voided.append((original.sale_id, record.sale_id))
    stopped = stop_orders(draft, original, key.source, f"The till voided the sale with {record.sale.reference}.")
    draft.tell(
        record.sale_id,
        "booked",
        f"Voids {original.sale.reference}: its stock is put back.",
        _origin(read) | _cause_of(record),
    )
    draft.tell(original.sale_id, "voided", f"Voided by {record.sale.reference}.", {"void": record.sale_id})
    return _verdict(read, Outcome.BOOKED, record, stopped)


def _original(draft: Draft, record: SaleRecord, key: BusinessKey) -> SaleRecord | None:
    reference = record.sale.original_reference
    for kind in names.ORIGINAL_KINDS:
        facts = draft.desk.facts.get((kind, key.source, reference or ""))
        if facts:
            return draft.desk.sales[facts[0].record_id]
    return None


def _nothing_to_void(record: SaleRecord) -> Permanent:
    reference = record.sale.original_reference
    sentence = f"It voids {reference!r}, which this till has not booked; when that document is parked, replay it: this one follows by itself."
    return Permanent(Reason.ORIGINAL_UNKNOWN, sentence)


def _cancelled_before(draft: Draft, read: Read, record: SaleRecord, key: BusinessKey) -> Verdict:
    """Record a document that its own source cancelled: the cancellation overtook it, so it has no effect."""
    _keep(draft, record, key)
    sentence = f"Recorded without effect: its source cancelled it with {record.voided_by}."
    draft.tell(record.sale_id, "booked", sentence, _origin(read))
    return _verdict(read, Outcome.NO_EFFECT, record, (), sentence=sentence)


def _record(draft: Draft, read: Read, sale: Sale, key: BusinessKey) -> SaleRecord:
    tenant = draft.desk.tenant
    return SaleRecord(
        sale_id=names.record_id(tenant, key),
        revision=key.revision,
        store=read.store,
        till=read.entry.content.till,
        receipt_id=read.entry.content.receipt_id,
        sale=sale,
        dialect=read.entry.content.dialect,
        dialect_version=read.dialect_version,
        booked_at=draft.desk.now,
        raw_id=read.raw_id,
    )


def _keep(draft: Draft, record: SaleRecord, key: BusinessKey) -> None:
    draft.effects.sales.append(record)
    draft.effects.keys.append(KnownFact(key=key, record_id=record.sale_id))


def _moving(sale: Sale) -> list[Goods]:
    """Return the goods of the lines that are neither to be shipped nor without goods, by line."""
    if sale.kind is DocumentKind.VOID:
        return []
    sign = -1 if sale.kind is DocumentKind.RETURN else 1
    moving: list[Goods] = []
    times: dict[int, int] = {}
    for line in sale.lines:
        if line.item and line.quantity and not ships(line, sale):
            ordinal = times.get(line.number, 0)
            times[line.number] = ordinal + 1
            moving.append(Goods(line.number, ordinal, line.item, sign * line.quantity))
    return moving


def _difference(before: dict[str, Decimal], after: dict[str, Decimal]) -> list[Goods]:
    zero = Decimal(0)
    changed = ((sku, after.get(sku, zero) - before.get(sku, zero)) for sku in sorted({*before, *after}))
    moved = [(sku, quantity) for sku, quantity in changed if quantity]
    return [Goods(line, 0, sku, quantity) for line, (sku, quantity) in enumerate(moved, start=1)]


def _move(draft: Draft, record: SaleRecord, goods: Goods) -> None:
    pair = (record.store, goods.sku)
    position = draft.position(pair)
    out = goods.quantity > 0
    draft.put(pair, rights.take(position, goods.quantity) if out else rights.take_back(position, -goods.quantity))
    draft.effects.movements.append(
        Movement(
            cause=_cause(record),
            line=goods.line,
            ordinal=goods.ordinal,
            sku=goods.sku,
            from_location=record.store if out else CUSTOMER,
            to_location=CUSTOMER if out else record.store,
            quantity=abs(goods.quantity),
            occurred_at=record.sale.occurred_at,
        )
    )


def _cause(record: SaleRecord) -> str:
    return f"{record.sale_id}:{record.revision}"


def _cause_of(record: SaleRecord) -> dict[str, str]:
    return {"cause": _cause(record)}


def _said(draft: Draft, record: SaleRecord) -> str:
    short = sorted(sku for (_, sku), position in draft.effects.positions.items() if position.on_hand < 0)
    count = len(draft.effects.movements)
    moved = f"Booked a {record.sale.kind} with {count} movement{'' if count == 1 else 's'}"
    return f"{moved}; below zero now: {', '.join(short)}." if short else f"{moved}."


def _origin(read: Read) -> dict[str, str]:
    return {"agent": read.agent, "sequence": str(read.entry.id.sequence), "receipt": read.entry.content.receipt_id}


def _verdict(
    read: Read, outcome: Outcome, record: SaleRecord, order_ids: tuple[str, ...], *, sentence: str = ""
) -> Verdict:
    return Verdict(
        sequence=read.entry.id.sequence,
        outcome=outcome,
        sentence=sentence,
        record_id=record.sale_id,
        order_ids=order_ids,
    )
