"""Sealed raw bytes: plain bytes in, ciphertext kept, plain bytes out until their key is dropped (invariant 15)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from core_service.sealing.sealer import Sealed
from core_service.store.tables.ingest import sealed_raw
from core_service.store.transaction import Transaction


class SqlSealedRaw:
    """Sealed bytes of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Seal and keep bytes under a raw id; bytes kept or erased under that id before stay as they are."""
        if not items:
            return
        sealer = await self._transaction.means.sealers.of(self._transaction)
        rows = [
            {"raw_id": raw_id, "wrapped_key": sealed.wrapped_key, "ciphertext": sealed.ciphertext}
            for (raw_id, _), sealed in zip(items, sealer.seal(items), strict=True)
        ]
        await self._transaction.add_new(sealed_raw, rows)

    async def get(self, raw_id: str) -> bytes | None:
        """Return the bytes; None when they were erased or never kept."""
        row = await self._transaction.row(
            select(sealed_raw).where(self._transaction.mine(sealed_raw), sealed_raw.c.raw_id == raw_id)
        )
        if row is None or not row.wrapped_key:
            return None
        sealer = await self._transaction.means.sealers.of(self._transaction)
        return sealer.open(raw_id, Sealed(row.wrapped_key, row.ciphertext))

    async def erase(self, raw_id: str) -> None:
        """Drop the record's key: the bytes can never be read again."""
        mine = self._transaction.mine(sealed_raw)
        forget = update(sealed_raw).where(mine, sealed_raw.c.raw_id == raw_id).values(wrapped_key=b"", ciphertext=b"")
        await self._transaction.execute(forget)
