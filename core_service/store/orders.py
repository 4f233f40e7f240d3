"""Orders and their reservations: orders with lines in and out; a change is stored only over the version it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, case, delete, func, select, tuple_, update

from adapters.canonical.address import Address
from adapters.canonical.money import Money
from adapters.canonical.order import OrderLine
from adapters.errors import Transient
from adapters.reasons import Reason
from adapters.seams.clock import from_millis, to_millis
from core_service.domain.order import Order, OrderStatus, Reservation
from core_service.ports.orders import OrderFilter, Place
from core_service.store.amounts import micro, money, units
from core_service.store.portable import among
from core_service.store.reservations import SqlReservations
from core_service.store.tables.orders import order, order_line
from core_service.store.transaction import Transaction, Values


class SqlOrders:
    """Orders of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._reservations = SqlReservations(transaction)

    async def add(self, orders: Sequence[Order]) -> None:
        """Record new orders with their lines."""
        rows = [
            {**_to_values(new), "order_id": new.order_id, "routed_at": to_millis(new.updated_at) if new.location else 0}
            for new in orders
        ]
        await self._transaction.add(order, rows)
        await self._transaction.add(order_line, [values for new in orders for values in _line_values(new)])

    async def get(self, order_id: str) -> Order | None:
        """Return an order."""
        return (await self.get_many([order_id])).get(order_id)

    async def get_many(self, order_ids: Iterable[str]) -> dict[str, Order]:
        """Return orders by id; unknown ids are absent."""
        asked = sorted(set(order_ids))
        if not asked:
            return {}
        named = among([order.c.order_id], [(name,) for name in asked])
        statement = select(order).where(self._transaction.mine(order), named).order_by(order.c.order_id)
        return {found.order_id: found for found in await _read(self._transaction, statement)}

    async def save(self, order: Order) -> None:
        """Store a changed order; raises Transient(LEASE_LOST) when its stored version is not `order.version - 1`."""
        await _save(self._transaction, order)

    async def waiting_for(self, sku: str, limit: int) -> list[Order]:
        """Return orders AWAITING_STOCK with a line of the SKU, oldest first."""
        has_line = (
            select(order_line.c.order_id)
            .where(
                order_line.c.tenant == order.c.tenant,
                order_line.c.order_id == order.c.order_id,
                order_line.c.sku == sku,
            )
            .exists()
        )
        statement = (
            select(order)
            .where(self._transaction.mine(order), order.c.status == OrderStatus.AWAITING_STOCK.value, has_line)
            .order_by(order.c.created_at, order.c.order_id)
            .limit(limit)
        )
        return await _read(self._transaction, statement)

    async def routed_since(self, location: str, since: datetime) -> int:
        """Return how many orders were routed to a location since a moment (its capacity used)."""
        statement = select(func.count()).where(
            self._transaction.mine(order), order.c.location == location, order.c.routed_at >= to_millis(since)
        )
        return int((await self._transaction.execute(statement)).scalar_one())

    async def add_reservations(self, reservations: Sequence[Reservation]) -> None:
        """Record promises."""
        await self._reservations.add(reservations)

    async def reservations(self, order_id: str) -> list[Reservation]:
        """Return an order's reservations, open and closed."""
        return await self._reservations.of_order(order_id)

    async def close_reservations(self, order_id: str) -> None:
        """Mark an order's reservations as no longer open."""
        await self._reservations.close(order_id)

    async def open_at(self, location: str, sku: str) -> list[Reservation]:
        """Return open reservations of a SKU at a location, newest first (they lose cover first)."""
        return await self._reservations.open_at(location, sku)

    async def list(self, which: OrderFilter, before: Place | None, limit: int) -> list[Order]:
        """Return orders, newest first, before a place."""
        statement = select(order).where(self._transaction.mine(order))
        if which.status is not None:
            statement = statement.where(order.c.status == which.status.value)
        if which.reference:
            statement = statement.where(order.c.reference == which.reference)
        if before is not None:
            statement = statement.where(tuple_(order.c.created_at, order.c.order_id) < tuple_(*before))
        return await _read(
            self._transaction, statement.order_by(order.c.created_at.desc(), order.c.order_id.desc()).limit(limit)
        )


async def _read(transaction: Transaction, statement: Select[Any]) -> list[Order]:
    rows = await transaction.rows(statement)
    if not rows:
        return []
    named = among([order_line.c.order_id], [(row.order_id,) for row in rows])
    of_rows = select(order_line).where(transaction.mine(order_line), named).order_by(order_line.c.ordinal)
    lines: dict[str, list[OrderLine]] = {}
    for line in await transaction.rows(of_rows):
        lines.setdefault(line.order_id, []).append(_line(line))
    return [_from_rows(row, lines.get(row.order_id, [])) for row in rows]


async def _save(transaction: Transaction, changed: Order) -> None:
    values = _to_values(changed)
    routed_at: Any = order.c.routed_at
    if changed.location:
        routed_at = case((order.c.location != changed.location, to_millis(changed.updated_at)), else_=routed_at)
    stored = await transaction.changed(
        update(order)
        .where(transaction.mine(order), order.c.order_id == changed.order_id, order.c.version == changed.version - 1)
        .values({**values, "routed_at": routed_at})
    )
    if stored != 1:
        sentence = f"Order {changed.order_id} was changed by another in the meantime; read it again and decide anew."
        raise Transient(Reason.LEASE_LOST, sentence)
    await transaction.execute(
        delete(order_line).where(transaction.mine(order_line), order_line.c.order_id == changed.order_id)
    )
    await transaction.add(order_line, _line_values(changed))


def _to_values(changed: Order) -> Values:
    return {
        "reference": changed.reference,
        "source": changed.source,
        "status": changed.status.value,
        "ship_to": msgspec.json.encode(changed.ship_to).decode(),
        "total": changed.total.minor_units if changed.total else None,
        "currency": changed.total.currency if changed.total else "",
        "created_at": to_millis(changed.created_at),
        "updated_at": to_millis(changed.updated_at),
        "version": changed.version,
        "location": changed.location,
        "tracking_number": changed.tracking_number,
        "sentence": changed.sentence,
        "receipt_id": changed.receipt_id,
        "sale_id": changed.sale_id,
        "store": changed.store,
    }


def _line_values(of: Order) -> list[Values]:
    return [
        {
            "order_id": of.order_id,
            "ordinal": ordinal,
            "number": line.number,
            "sku": line.sku,
            "quantity": micro(line.quantity),
            "unit_price": line.unit_price.minor_units if line.unit_price else None,
            "currency": line.unit_price.currency if line.unit_price else "",
        }
        for ordinal, line in enumerate(of.lines)
    ]


def _line(row: Row[Any]) -> OrderLine:
    price = None if row.unit_price is None else Money(row.unit_price, row.currency)
    return OrderLine(number=row.number, sku=row.sku, quantity=units(row.quantity), unit_price=price)


def _from_rows(row: Row[Any], lines: Sequence[OrderLine]) -> Order:
    return Order(
        order_id=row.order_id,
        reference=row.reference,
        source=row.source,
        status=OrderStatus(row.status),
        lines=tuple(lines),
        ship_to=msgspec.json.decode(row.ship_to, type=Address),
        total=money(row.total, row.currency),
        created_at=from_millis(row.created_at),
        updated_at=from_millis(row.updated_at),
        version=row.version,
        location=row.location,
        tracking_number=row.tracking_number,
        sentence=row.sentence,
        receipt_id=row.receipt_id,
        sale_id=row.sale_id,
        store=row.store,
    )
