"""Orders of a till's sale: a document with lines to be shipped in, its orders placed, replaced or stopped out; pure.

An amendment that changes what is shipped ends the order before and places another; one that is picked already raises an alarm.
"""

from __future__ import annotations

from adapters.canonical.key import BusinessKey
from adapters.canonical.money import Money
from adapters.canonical.order import OrderLine, OrderRequest
from adapters.canonical.sale import Sale
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ParkedException
from core_service.domain.order import Order
from core_service.pipeline import names
from core_service.pipeline.desk import Desk, Draft
from core_service.pipeline.park import Alarm, alarmed
from core_service.pipeline.reserve import cancel_order, place
from core_service.pipeline.route import Router
from core_service.pipeline.validate import ships
from core_service.ports.ingest import KnownFact, SaleRecord


def order_shipped_lines(
    draft: Draft, record: SaleRecord, key: BusinessKey, revision: int | None, router: Router
) -> tuple[str, ...]:
    """Place the order of a document's lines to be shipped; return its id, nothing when there are none."""
    lines = shipped_lines(record.sale)
    if not lines or record.sale.ship_to is None:
        return ()
    source = names.order_source(key.source)
    request = OrderRequest(
        order_id=names.order_id(draft.desk.tenant, source, key.reference, revision),
        reference=names.order_reference(key.reference, revision),
        source=source,
        lines=lines,
        ship_to=record.sale.ship_to,
        total=_total(record.sale),
        placed_at=record.sale.occurred_at,
        receipt_id=record.receipt_id,
        sale_id=record.sale_id,
        store=record.store,
    )
    return (place(draft, request, router).order_id,)


def follow_lines(
    draft: Draft, before: SaleRecord, record: SaleRecord, key: BusinessKey, router: Router
) -> tuple[str, ...]:
    """Let the orders of a document follow its amendment; raise Permanent(ORDER_NOT_CANCELLABLE) when the goods are on their way."""
    current = orders_of(draft.desk, key)
    same = shipped_lines(before.sale) == shipped_lines(record.sale) and before.sale.ship_to == record.sale.ship_to
    if same:
        return tuple(order.order_id for order in current[:1])
    for order in current[:1]:
        if cancel_order(draft, order, f"The till changed the sale to revision {record.revision}.") is None:
            sentence = (
                f"Revision {record.revision} changes what order {order.order_id} ships, which is {order.status} already; settle it "
                "with the customer, then book the difference by hand."
            )
            raise Permanent(Reason.ORDER_NOT_CANCELLABLE, sentence)
    return order_shipped_lines(draft, record, key, record.revision, router)


def stop_orders(draft: Draft, original: SaleRecord, source: str, because: str) -> tuple[str, ...]:
    """Cancel the order of a voided document; goods on their way raise an alarm, for the void has happened."""
    if not shipped_lines(original.sale):
        return ()
    name = (original.sale.kind.value, source, original.sale.reference)
    facts = draft.desk.facts.get(name, [])
    current = orders_of(draft.desk, facts[0].key) if facts else []
    for order in current[:1]:
        if cancel_order(draft, order, because) is None:
            draft.effects.exceptions.append(_goes_on(draft.desk, order, because))
            draft.tell(order.order_id, "cancel_refused", f"{because} It is {order.status} already and goes on.")
    return tuple(order.order_id for order in current[:1])


def orders_of(desk: Desk, key: BusinessKey) -> list[Order]:
    """Return the orders of a document, the one in effect first."""
    return [
        desk.orders[found]
        for found in order_ids(desk.tenant, key, desk.facts.get(key.name, []))
        if found in desk.orders
    ]


def order_ids(tenant: str, key: BusinessKey, facts: list[KnownFact]) -> list[str]:
    """Return the ids that a document's orders can have, newest revision first."""
    source = names.order_source(key.source)
    revisions = [fact.key.revision for fact in facts]
    return [names.order_id(tenant, source, key.reference, revision) for revision in (*revisions, None)]


def shipped_lines(sale: Sale) -> tuple[OrderLine, ...]:
    """Return the lines that are to be sent, as order lines numbered like the document's."""
    return tuple(
        OrderLine(number=line.number, sku=line.item, quantity=line.quantity, unit_price=line.unit_price)
        for line in sale.lines
        if ships(line, sale)
    )


def _total(sale: Sale) -> Money | None:
    """Return what the customer pays for the shipped lines: the document's total when all are, else the sum of their totals."""
    if all(ships(line, sale) for line in sale.lines):
        return sale.total
    totals = [line.total for line in sale.lines if ships(line, sale)]
    known = [total for total in totals if total is not None]
    if len(known) != len(totals):
        return None
    return sum(known[1:], start=known[0])


def _goes_on(desk: Desk, order: Order, because: str) -> ParkedException:
    alarm = Alarm(
        reason=Reason.ORDER_NOT_CANCELLABLE,
        sentence=f"{because} Order {order.order_id} is {order.status} already: stop the parcel or bill the customer.",
        about=(order.order_id,),
        source=order.source,
        reference=order.reference,
        record_id=order.order_id,
    )
    return alarmed(alarm, desk)
