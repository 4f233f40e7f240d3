"""Rights on their way between core and stores: transfers by id in and out; idempotent, never expiring (invariant 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update

from adapters.seams.clock import from_millis, to_millis
from core_service.ports.stock import RightsTransfer, TransferState
from core_service.store.amounts import micro, units
from core_service.store.portable import among
from core_service.store.tables.stock import rights_transfer
from core_service.store.transaction import Transaction


class SqlRightsTransfers:
    """Rights transfers of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, transfers: Sequence[RightsTransfer]) -> None:
        """Record transfers; raises Permanent(ALREADY_EXISTS) for an id on record, whose units must not be debited twice."""
        await self._transaction.add(
            rights_transfer,
            [
                {
                    "transfer_id": transfer.transfer_id,
                    "store": transfer.store,
                    "sku": transfer.sku,
                    "quantity": micro(transfer.quantity),
                    "to_store": transfer.to_store,
                    "state": transfer.state.value,
                    "created_at": to_millis(transfer.created_at),
                }
                for transfer in transfers
            ],
        )

    async def get(self, transfer_id: str) -> RightsTransfer | None:
        """Return a transfer."""
        row = await self._transaction.row(
            select(rights_transfer).where(
                self._transaction.mine(rights_transfer), rights_transfer.c.transfer_id == transfer_id
            )
        )
        return _transfer(row) if row else None

    async def settle(self, transfer_id: str) -> bool:
        """Mark one in flight as settled; False when it was already (or is unknown)."""
        settled = await self._transaction.changed(
            update(rights_transfer)
            .where(
                self._transaction.mine(rights_transfer),
                rights_transfer.c.transfer_id == transfer_id,
                rights_transfer.c.state == TransferState.IN_FLIGHT.value,
            )
            .values(state=TransferState.SETTLED.value)
        )
        return settled == 1

    async def of_store(self, store: str, ids: Sequence[str]) -> list[RightsTransfer]:
        """Return transfers of a store by id."""
        if not ids:
            return []
        table = rights_transfer
        named = among([table.c.transfer_id], [(name,) for name in ids])
        statement = select(table).where(self._transaction.mine(table), named, table.c.store == store)
        statement = statement.order_by(table.c.transfer_id)
        return [_transfer(row) for row in await self._transaction.rows(statement)]


def _transfer(row: Row[Any]) -> RightsTransfer:
    return RightsTransfer(
        transfer_id=row.transfer_id,
        store=row.store,
        sku=row.sku,
        quantity=units(row.quantity),
        to_store=row.to_store,
        state=TransferState(row.state),
        created_at=from_millis(row.created_at),
    )
