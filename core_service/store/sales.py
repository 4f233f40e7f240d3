"""Documents of tills: sales, returns and voids with lines and tenders in and out, newest revision first; facts beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Row, Table, select, update

from adapters.canonical.money import Money
from adapters.canonical.sale import DocumentKind, Fact, Fulfilment, Sale, SaleLine, Tender
from adapters.seams.clock import from_millis, to_millis
from core_service.ports.ingest import FactRecord, SaleRecord
from core_service.store.amounts import address, address_text, micro, minor, money, units
from core_service.store.portable import among
from core_service.store.tables.ingest import sale, sale_fact, sale_line, sale_tender
from core_service.store.transaction import Transaction, Values


class SqlSales:
    """Documents of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, records: Sequence[SaleRecord]) -> None:
        """Record documents with their lines and tenders."""
        await self._transaction.add(sale, [_to_values(record) for record in records])
        await self._transaction.add(sale_line, [values for record in records for values in _line_values(record)])
        await self._transaction.add(sale_tender, [values for record in records for values in _tender_values(record)])

    async def get(self, sale_ids: Iterable[str]) -> dict[str, SaleRecord]:
        """Return documents in their newest revision."""
        heads = {row.sale_id: row for row in await self._of(sale, sorted(set(sale_ids)), sale.c.revision)}
        newest = [(row.sale_id, row.revision) for row in heads.values()]
        lines = await self._parts(sale_line, newest)
        tenders = await self._parts(sale_tender, newest)
        return {name: _from_rows(row, lines.get(name, []), tenders.get(name, [])) for name, row in heads.items()}

    async def void(self, sale_id: str, voided_by: str) -> None:
        """Mark a document as voided by another, in all its revisions."""
        mine = self._transaction.mine(sale)
        await self._transaction.execute(update(sale).where(mine, sale.c.sale_id == sale_id).values(voided_by=voided_by))

    async def add_facts(self, records: Sequence[FactRecord]) -> None:
        """Record payments and refunds; one that is there already is replaced by its newer state."""
        await self._transaction.put(sale_fact, [_fact_values(record) for record in records])

    async def facts_of(self, sale_id: str) -> list[FactRecord]:
        """Return the facts beside a document."""
        rows = await self._transaction.rows(
            select(sale_fact)
            .where(self._transaction.mine(sale_fact), sale_fact.c.sale_id == sale_id)
            .order_by(sale_fact.c.occurred_at, sale_fact.c.fact_id)
        )
        return [_fact(row) for row in rows]

    async def _of(self, table: Table, sale_ids: Sequence[str], order: Any) -> Sequence[Row[Any]]:
        if not sale_ids:
            return []
        named = among([table.c.sale_id], [(name,) for name in sale_ids])
        return await self._transaction.rows(select(table).where(self._transaction.mine(table), named).order_by(order))

    async def _parts(self, table: Table, newest: Sequence[tuple[str, int]]) -> dict[str, list[Row[Any]]]:
        revisions = dict(newest)
        parts: dict[str, list[Row[Any]]] = {}
        for row in await self._of(table, list(revisions), table.c.ordinal):
            if row.revision == revisions[row.sale_id]:
                parts.setdefault(row.sale_id, []).append(row)
        return parts


def _to_values(record: SaleRecord) -> Values:
    document = record.sale
    return {
        "sale_id": record.sale_id,
        "revision": record.revision,
        "store": record.store,
        "till": record.till,
        "receipt_id": record.receipt_id,
        "kind": document.kind.value,
        "reference": document.reference,
        "currency": document.currency,
        "occurred_at": to_millis(document.occurred_at),
        "utc_offset_minutes": document.utc_offset_minutes,
        "business_day": document.business_day.isoformat() if document.business_day else None,
        "original_reference": document.original_reference,
        "total": minor(document.total, document.currency),
        "tax": minor(document.tax, document.currency),
        "tax_included": document.tax_included,
        "discount": minor(document.discount, document.currency),
        "tip": minor(document.tip, document.currency),
        "ship_to": address_text(document.ship_to),
        "attributes": msgspec.json.encode(document.attributes).decode(),
        "dialect": record.dialect,
        "dialect_version": record.dialect_version,
        "booked_at": to_millis(record.booked_at),
        "raw_id": record.raw_id,
        "voided_by": record.voided_by,
    }


def _line_values(record: SaleRecord) -> list[Values]:
    currency = record.sale.currency
    return [
        {
            "sale_id": record.sale_id,
            "revision": record.revision,
            "ordinal": ordinal,
            "number": line.number,
            "item": line.item,
            "quantity": micro(line.quantity),
            "description": line.description,
            "unit_price": minor(line.unit_price, currency),
            "discount": minor(line.discount, currency),
            "total": minor(line.total, currency),
            "fulfilment": line.fulfilment.value,
        }
        for ordinal, line in enumerate(record.sale.lines)
    ]


def _tender_values(record: SaleRecord) -> list[Values]:
    return [
        {
            "sale_id": record.sale_id,
            "revision": record.revision,
            "ordinal": ordinal,
            "kind": tender.kind,
            "minor_units": tender.amount.minor_units,
            "currency": tender.amount.currency,
            "reference": tender.reference,
        }
        for ordinal, tender in enumerate(record.sale.tenders)
    ]


def _from_rows(row: Row[Any], lines: Sequence[Row[Any]], tenders: Sequence[Row[Any]]) -> SaleRecord:
    document = Sale(
        kind=DocumentKind(row.kind),
        reference=row.reference,
        currency=row.currency,
        lines=tuple(_line(line, row.currency) for line in lines),
        occurred_at=from_millis(row.occurred_at),
        utc_offset_minutes=row.utc_offset_minutes,
        business_day=date.fromisoformat(row.business_day) if row.business_day else None,
        original_reference=row.original_reference,
        tenders=tuple(
            Tender(kind=part.kind, amount=Money(part.minor_units, part.currency), reference=part.reference)
            for part in tenders
        ),
        total=money(row.total, row.currency),
        tax=money(row.tax, row.currency),
        tax_included=row.tax_included,
        discount=money(row.discount, row.currency),
        tip=money(row.tip, row.currency),
        ship_to=address(row.ship_to),
        attributes=msgspec.json.decode(row.attributes, type=dict[str, str]),
    )
    return SaleRecord(
        sale_id=row.sale_id,
        revision=row.revision,
        store=row.store,
        till=row.till,
        receipt_id=row.receipt_id,
        sale=document,
        dialect=row.dialect,
        dialect_version=row.dialect_version,
        booked_at=from_millis(row.booked_at),
        raw_id=row.raw_id,
        voided_by=row.voided_by,
    )


def _line(row: Row[Any], currency: str) -> SaleLine:
    return SaleLine(
        number=row.number,
        item=row.item,
        quantity=units(row.quantity),
        description=row.description,
        unit_price=money(row.unit_price, currency),
        discount=money(row.discount, currency),
        total=money(row.total, currency),
        fulfilment=Fulfilment(row.fulfilment),
    )


def _fact_values(record: FactRecord) -> Values:
    amount = record.fact.amount
    return {
        "fact_id": record.fact_id,
        "store": record.store,
        "kind": record.fact.kind,
        "reference": record.fact.reference,
        "about": record.fact.about,
        "occurred_at": to_millis(record.fact.occurred_at),
        "minor_units": amount.minor_units if amount else None,
        "currency": amount.currency if amount else "",
        "status": record.fact.status,
        "sale_id": record.sale_id,
        "raw_id": record.raw_id,
        "booked_at": to_millis(record.booked_at),
    }


def _fact(row: Row[Any]) -> FactRecord:
    fact = Fact(
        kind=row.kind,
        reference=row.reference,
        about=row.about,
        occurred_at=from_millis(row.occurred_at),
        amount=money(row.minor_units, row.currency),
        status=row.status,
    )
    return FactRecord(
        fact_id=row.fact_id,
        store=row.store,
        fact=fact,
        sale_id=row.sale_id,
        raw_id=row.raw_id,
        booked_at=from_millis(row.booked_at),
    )
