"""Records for the contract of a store: a mark in, records of every kind out that carry it; the same ids whatever the mark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck

from adapters.canonical.address import Address
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind, Outcome, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.money import Money
from adapters.canonical.order import OrderLine
from adapters.canonical.rights import Position
from adapters.canonical.sale import DocumentKind, Fact, Fulfilment, Sale, SaleLine, Tender
from adapters.canonical.stock import CUSTOMER, SUPPLIER, Movement
from adapters.reasons import Reason
from core_service.domain.exception import ParkedException
from core_service.domain.order import Order, OrderStatus
from core_service.domain.work import NewWork, WorkKind
from core_service.ports.ingest import FactRecord, InboxRow, KnownFact, SaleRecord

SHARED = (HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
"""A property of a contract runs on one store for all its examples, and in each engine's class: both are meant."""

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EPOCH = bytes(range(16))
EARLIER_EPOCH = bytes(range(16, 32))


def after(seconds: float) -> datetime:
    """Return the moment so many seconds after T0."""
    return T0 + timedelta(seconds=seconds)


def chain(number: int) -> bytes:
    """Return 32 bytes that stand for the hash at a sequence."""
    return number.to_bytes(32, "big")


def known(reference: str, revision: int = 0, mark: str = "") -> KnownFact:
    """Return a fact on record."""
    key = BusinessKey(
        kind="sale",
        source="high-street/1",
        reference=reference,
        revision=revision,
        fingerprint=chain(revision + 1),
        fingerprint_version=1,
    )
    return KnownFact(key=key, record_id=f"sal_{reference}{mark}")


def verdict(sequence: int, mark: str = "") -> Verdict:
    """Return a verdict with everything filled in."""
    return Verdict(
        sequence=sequence,
        outcome=Outcome.PARKED,
        reason="SKU_UNKNOWN",
        sentence=f"No SKU {mark!r}.",
        record_id=f"exc_{sequence}",
        order_ids=("ord_1", "ord_2"),
    )


def inbox_row(sequence: int, mark: str = "", receipt: str = "") -> InboxRow:
    """Return an entry with its verdict, as it is read back: without raw bytes."""
    content = EntryContent(
        kind=EntryKind.TILL_DOCUMENT,
        transport="rest",
        dialect="plain",
        dialect_version="1",
        till="1",
        raw=b"",
        received_at=after(sequence) + timedelta(microseconds=123456),
        receipt_id=receipt or f"rcp_{sequence}",
        key=known(f"r{sequence}").key,
        reason="TILL_UNKNOWN",
        sentence=f"Said {mark}.",
    )
    entry = Entry(
        id=EntryId(epoch=EPOCH, sequence=sequence),
        content=content,
        chain=chain(sequence),
        previous_id=EntryId(epoch=EARLIER_EPOCH, sequence=7),
        traceparent="00-abc-def-01",
    )
    return InboxRow(
        agent="agt_1",
        store="high-street",
        entry=entry,
        verdict=verdict(sequence, mark),
        raw_id=f"raw_{sequence}",
        committed_at=after(sequence + 1),
    )


ADDRESS = Address(
    name="Ada",
    lines=("12 Park Row", "Flat 3"),
    city="Leeds",
    country_code="GB",
    postal_code="LS1 5HD",
    email="ada@example.org",
)


def sale_record(sale_id: str = "sal_1", revision: int = 0, mark: str = "") -> SaleRecord:
    """Return a document with every field in use."""
    pounds = "GBP"
    sale = Sale(
        kind=DocumentKind.SALE,
        reference=f"2026-01-05/17{mark}",
        currency=pounds,
        lines=(
            SaleLine(
                number=1,
                item="MUG-BLUE",
                quantity=Decimal("1.5"),
                description="Mug, blue",
                unit_price=Money(1000, pounds),
                discount=Money(100, pounds),
                total=Money(1400, pounds),
                fulfilment=Fulfilment.SHIP,
            ),
            SaleLine(number=2, item="", quantity=Decimal(1), total=Money(50, pounds)),
        ),
        occurred_at=T0,
        utc_offset_minutes=-60,
        business_day=date(2026, 1, 5),
        original_reference="2026-01-04/3",
        tenders=(
            Tender(kind="cash", amount=Money(2000, "EUR"), reference="a"),
            Tender(kind="cash", amount=Money(-550, pounds)),
        ),
        total=Money(1450, pounds),
        tax=Money(0, pounds),
        tax_included=False,
        discount=Money(100, pounds),
        tip=Money(0, pounds),
        ship_to=ADDRESS,
        attributes={"cashier": "7", "mark": mark},
    )
    return SaleRecord(
        sale_id=sale_id,
        revision=revision,
        store="high-street",
        till="1",
        receipt_id="rcp_1",
        sale=sale,
        dialect="plain",
        dialect_version="1",
        booked_at=after(1),
        raw_id="raw_1",
    )


def bare_sale_record(sale_id: str) -> SaleRecord:
    """Return a document with nothing but what it must have."""
    full = sale_record(sale_id)
    sale = Sale(kind=DocumentKind.VOID, reference="x", currency="JPY", lines=(), occurred_at=T0)
    return replace(full, sale=sale)


def fact_record(fact_id: str = "fct_1", mark: str = "") -> FactRecord:
    """Return a payment beside a sale."""
    fact = Fact(
        kind="payment", reference="pay-1", about="o-1", occurred_at=T0, amount=Money(1450, "GBP"), status=f"DONE{mark}"
    )
    return FactRecord(
        fact_id=fact_id, store="high-street", fact=fact, sale_id="sal_1", raw_id="raw_9", booked_at=after(2)
    )


def order(order_id: str = "ord_1", mark: str = "", created: float = 0) -> Order:
    """Return an order that waits for stock."""
    return Order(
        order_id=order_id,
        reference=f"ref{mark}",
        source="high-street/1",
        status=OrderStatus.AWAITING_STOCK,
        lines=(
            OrderLine(number=1, sku="MUG-BLUE", quantity=Decimal(2), unit_price=Money(1000, "GBP")),
            OrderLine(number=2, sku="TEA-100", quantity=Decimal("0.25")),
        ),
        ship_to=ADDRESS,
        total=Money(2000, "GBP"),
        created_at=after(created),
        updated_at=after(created),
        sentence=f"Waits.{mark}",
        receipt_id="rcp_1",
        sale_id="sal_1",
        store="high-street",
    )


def received(cause: str, quantity: int, sku: str = "MUG-BLUE", location: str = "north-dc") -> Movement:
    """Return goods that arrive."""
    return Movement(
        cause=cause,
        line=1,
        ordinal=0,
        sku=sku,
        from_location=SUPPLIER,
        to_location=location,
        quantity=Decimal(quantity),
        occurred_at=T0,
    )


def sold(cause: str, quantity: str, sku: str = "MUG-BLUE", location: str = "north-dc") -> Movement:
    """Return goods that leave with a customer."""
    moved = received(cause, 1, sku, location)
    return replace(moved, from_location=location, to_location=CUSTOMER, quantity=Decimal(quantity))


def holding(units: int) -> Position:
    """Return a balanced position of so many units, all the core's."""
    return Position(on_hand=Decimal(units), core_rights=Decimal(units))


def parked(exception_id: str = "exc_1", mark: str = "", created: float = 0) -> ParkedException:
    """Return a parked message."""
    return ParkedException(
        exception_id=exception_id,
        reason=Reason.SKU_UNKNOWN,
        sentence=f"No SKU.{mark}",
        owner="operations",
        source="high-street/1",
        created_at=after(created),
        reference="2026-01-05/17",
        dialect="plain",
        dialect_version="1",
        agent="agt_1",
        epoch=EPOCH,
        sequence=3,
    )


def work(work_id: str = "wrk_1", due: float = 0, priority: int = 100, destination: str = "north-dc") -> NewWork:
    """Return due work."""
    return NewWork(
        work_id=work_id,
        kind=WorkKind.DISPATCH_ORDER,
        subject=f"about {work_id}",
        destination=destination,
        due_at=after(due),
        priority=priority,
        max_attempts=3,
    )
