"""How much there is: a tenant's tables in, counts by status and reason out; for the overview that people look at."""

from __future__ import annotations

from sqlalchemy import func, select

from core_service.domain.exception import ExceptionStatus
from core_service.ports.orders import Tally
from core_service.store.tables.ingest import sale
from core_service.store.tables.orders import order, parked_exception
from core_service.store.transaction import Transaction


class SqlTallies:
    """Counts of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def count(self) -> Tally:
        """Return how many sales, orders by status and open exceptions by reason there are."""
        mine = self._transaction.mine
        sales = select(func.count(func.distinct(sale.c.sale_id)).label("n")).where(mine(sale))
        orders = select(order.c.status, func.count().label("n")).where(mine(order)).group_by(order.c.status)
        parked = (
            select(parked_exception.c.reason, func.count().label("n"))
            .where(mine(parked_exception), parked_exception.c.status == ExceptionStatus.OPEN.value)
            .group_by(parked_exception.c.reason)
        )
        row = await self._transaction.row(sales)
        return Tally(
            sales=row.n if row else 0,
            orders={one.status: one.n for one in await self._transaction.rows(orders)},
            open_exceptions={one.reason: one.n for one in await self._transaction.rows(parked)},
        )
