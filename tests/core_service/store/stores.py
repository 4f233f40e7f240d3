"""Opens stores for tests: a URL in, a core store with the tenants of the contract out."""

from __future__ import annotations

from adapters.seams.clock import Clock
from adapters.seams.randomness import SeededRandomness
from core_service.domain.setup import Tenant
from core_service.ports.unit_of_work import CoreStore
from core_service.sealing.master_key import LocalMasterKey
from core_service.store import open_core
from core_service.store.sqlite import ConnectionFactory

MASTER = b"m" * 32


async def opened(url: str, clock: Clock, *, seed: int = 1, connect: ConnectionFactory | None = None) -> CoreStore:
    """Return an open store."""
    chance = SeededRandomness(seed)
    sealing = LocalMasterKey(MASTER, chance)
    return await open_core(url, sealing=sealing, clock=clock, randomness=chance, connect=connect)


async def with_tenants(core: CoreStore) -> CoreStore:
    """Set up the contract's two tenants."""
    for name in ("acme", "bolt"):
        await core.platform.put_tenant(Tenant(tenant=name, name=name.title()))
    return core
