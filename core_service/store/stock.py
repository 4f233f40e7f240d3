"""The ledger and the positions derived from it: movements and positions in within one transaction, levels and their proof out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_

from adapters.canonical.rights import Position
from adapters.canonical.stock import Movement
from adapters.seams.clock import from_millis, to_millis
from core_service.ports.stock import Discrepancy, Level, LocationSku
from core_service.store.amounts import micro, units
from core_service.store.portable import among
from core_service.store.tables.stock import movement, position
from core_service.store.transaction import Transaction, Values


class SqlStock:
    """Stock of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def positions(self, pairs: Iterable[LocationSku]) -> dict[LocationSku, Position]:
        """Return positions, locked until the end of the unit of work where the engine locks rows; a pair never booked is Position()."""
        asked = sorted(set(pairs))
        found = dict.fromkeys(asked, Position())
        if not asked:
            return found
        named = among((position.c.location, position.c.sku), asked)
        statement = select(position).where(self._transaction.mine(position), named)
        statement = statement.order_by(position.c.location, position.c.sku).with_for_update()
        found.update({(row.location, row.sku): _position(row) for row in await self._transaction.rows(statement)})
        return found

    async def book(
        self, movements: Sequence[Movement], positions: Mapping[LocationSku, Position], at: datetime
    ) -> None:
        """Append movements and store the positions they lead to (and positions changed by rights alone), sorted by key."""
        moment = to_millis(at)
        await self._transaction.add(movement, [_movement_values(moved, moment) for moved in movements])
        rows = [_position_values(pair, positions[pair], moment) for pair in sorted(positions)]
        await self._transaction.put(position, rows)

    async def movements_of(self, cause: str) -> list[Movement]:
        """Return the movements of a cause, by line and ordinal."""
        rows = await self._transaction.rows(
            select(movement)
            .where(self._transaction.mine(movement), movement.c.cause == cause)
            .order_by(movement.c.line, movement.c.ordinal)
        )
        return [_movement(row) for row in rows]

    async def levels(
        self, locations: Sequence[str], skus: Sequence[str], after: LocationSku | None, limit: int
    ) -> list[Level]:
        """Return levels by (location, sku), after a pair; empty filters mean all."""
        statement = select(position).where(self._transaction.mine(position))
        if locations:
            statement = statement.where(among([position.c.location], [(name,) for name in locations]))
        if skus:
            statement = statement.where(among([position.c.sku], [(name,) for name in skus]))
        if after is not None:
            statement = statement.where(tuple_(position.c.location, position.c.sku) > tuple_(*after))
        statement = statement.order_by(position.c.location, position.c.sku).limit(limit)
        return [
            Level(location=row.location, sku=row.sku, position=_position(row), updated_at=from_millis(row.updated_at))
            for row in await self._transaction.rows(statement)
        ]

    async def verify(self) -> list[Discrepancy]:
        """Compare every level with the sum of its movements, and every position with its rights."""
        ledger = await self._ledger()
        found = {
            (row.location, row.sku): row
            for row in await self._transaction.rows(select(position).where(self._transaction.mine(position)))
        }
        discrepancies: list[Discrepancy] = []
        for pair in sorted(ledger.keys() | found.keys()):
            held = _position(found[pair]) if pair in found else Position()
            moved = units(ledger.get(pair, 0))
            sentences = []
            if moved != held.on_hand:
                sentences.append(f"The movements add up to {moved:f}, the level says {held.on_hand:f}.")
            if not held.balanced():
                sentences.append("Rights, promises and what is in flight do not add up to what is on hand.")
            if sentences:
                discrepancies.append(
                    Discrepancy(
                        location=pair[0], sku=pair[1], ledger=moved, level=held.on_hand, sentence=" ".join(sentences)
                    )
                )
        return discrepancies

    async def _ledger(self) -> dict[LocationSku, int]:
        totals: dict[LocationSku, int] = {}
        for column, sign in ((movement.c.to_location, 1), (movement.c.from_location, -1)):
            statement = (
                select(column.label("location"), movement.c.sku, func.sum(movement.c.quantity).label("units"))
                .where(self._transaction.mine(movement), ~column.startswith("@"))
                .group_by(column, movement.c.sku)
            )
            for row in await self._transaction.rows(statement):
                pair = (row.location, row.sku)
                totals[pair] = totals.get(pair, 0) + sign * int(row.units)
        return totals


def _movement_values(moved: Movement, booked_at: int) -> Values:
    return {
        "cause": moved.cause,
        "line": moved.line,
        "ordinal": moved.ordinal,
        "sku": moved.sku,
        "from_location": moved.from_location,
        "to_location": moved.to_location,
        "quantity": micro(moved.quantity),
        "occurred_at": to_millis(moved.occurred_at),
        "booked_at": booked_at,
    }


def _movement(row: Row[Any]) -> Movement:
    return Movement(
        cause=row.cause,
        line=row.line,
        ordinal=row.ordinal,
        sku=row.sku,
        from_location=row.from_location,
        to_location=row.to_location,
        quantity=units(row.quantity),
        occurred_at=from_millis(row.occurred_at),
    )


def _position_values(pair: LocationSku, held: Position, updated_at: int) -> Values:
    return {
        "location": pair[0],
        "sku": pair[1],
        "on_hand": micro(held.on_hand),
        "store_rights": micro(held.store_rights),
        "core_rights": micro(held.core_rights),
        "reserved": micro(held.reserved),
        "in_flight": micro(held.in_flight),
        "overdrawn": micro(held.overdrawn),
        "updated_at": updated_at,
    }


def _position(row: Row[Any]) -> Position:
    return Position(
        on_hand=units(row.on_hand),
        store_rights=units(row.store_rights),
        core_rights=units(row.core_rights),
        reserved=units(row.reserved),
        in_flight=units(row.in_flight),
        overdrawn=units(row.overdrawn),
    )
