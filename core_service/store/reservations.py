"""Promises to order lines: reservations in, those open at a place out, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select, update

from adapters.seams.clock import to_millis
from core_service.domain.order import Reservation
from core_service.store.amounts import micro, units
from core_service.store.tables.orders import reservation
from core_service.store.transaction import Transaction


class SqlReservations:
    """Reservations of one tenant; a part of its orders."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, reservations: Sequence[Reservation]) -> None:
        """Record promises."""
        now = to_millis(self._transaction.means.clock.now())
        await self._transaction.add(
            reservation,
            [
                {
                    "order_id": promise.order_id,
                    "line": promise.line,
                    "ordinal": promise.ordinal,
                    "location": promise.location,
                    "sku": promise.sku,
                    "quantity": micro(promise.quantity),
                    "open": promise.open,
                    "created_at": now,
                }
                for promise in reservations
            ],
        )

    async def of_order(self, order_id: str) -> list[Reservation]:
        """Return an order's reservations, open and closed, by line and ordinal."""
        statement = (
            select(reservation)
            .where(self._transaction.mine(reservation), reservation.c.order_id == order_id)
            .order_by(reservation.c.line, reservation.c.ordinal)
        )
        return await self._read(statement)

    async def close(self, order_id: str) -> None:
        """Mark an order's reservations as no longer open."""
        mine = self._transaction.mine(reservation)
        closed = update(reservation).where(mine, reservation.c.order_id == order_id, reservation.c.open)
        await self._transaction.execute(closed.values(open=False))

    async def open_at(self, location: str, sku: str) -> list[Reservation]:
        """Return open reservations of a SKU at a location, newest first."""
        statement = (
            select(reservation)
            .where(
                self._transaction.mine(reservation),
                reservation.c.open,
                reservation.c.location == location,
                reservation.c.sku == sku,
            )
            .order_by(
                reservation.c.created_at.desc(),
                reservation.c.order_id.desc(),
                reservation.c.line.desc(),
                reservation.c.ordinal.desc(),
            )
        )
        return await self._read(statement)

    async def _read(self, statement: Select[Any]) -> list[Reservation]:
        return [_reservation(row) for row in await self._transaction.rows(statement)]


def _reservation(row: Row[Any]) -> Reservation:
    return Reservation(
        order_id=row.order_id,
        line=row.line,
        ordinal=row.ordinal,
        location=row.location,
        sku=row.sku,
        quantity=units(row.quantity),
        open=row.open,
    )
