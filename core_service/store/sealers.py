"""Sealers of tenants: a transaction in, its tenant's sealer out; the tenant's key is unwrapped once and kept in memory."""

from __future__ import annotations

from sqlalchemy import select

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness
from core_service.sealing.master_key import MasterKey
from core_service.sealing.sealer import KEY_BYTES, Sealer, TenantSealer
from core_service.store.tables.setup import tenant as tenants
from core_service.store.transaction import Transaction

_MOST_KEPT = 4096


class TenantSealers:
    """Keys of tenants under one master key."""

    def __init__(self, master: MasterKey, randomness: Randomness) -> None:
        self._master = master
        self._randomness = randomness
        self._kept: dict[str, Sealer] = {}

    async def new_key(self, tenant: str) -> bytes:
        """Return a new tenant key, wrapped."""
        return await self._master.wrap(tenant, self._randomness.token(KEY_BYTES))

    async def of(self, transaction: Transaction) -> Sealer:
        """Return the sealer of the transaction's tenant; raises Permanent(REFERENCE_UNKNOWN) for a tenant not set up."""
        tenant = transaction.tenant
        kept = self._kept.get(tenant)
        if kept is not None:
            return kept
        row = await transaction.row(select(tenants.c.wrapped_key).where(tenants.c.tenant == tenant))
        if row is None:
            sentence = f"Tenant {tenant!r} is not set up, so it has no key to seal with; run `core-service tenant add`."
            raise Permanent(Reason.REFERENCE_UNKNOWN, sentence)
        sealer = TenantSealer(tenant, await self._master.unwrap(tenant, row.wrapped_key), self._randomness)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[tenant] = sealer
        return sealer
