"""An empty core for tests: the real store in memory, a virtual clock, seeded randomness."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.domain.setup import Tenant
from core_service.ports.unit_of_work import CoreStore
from core_service.sealing.master_key import LocalMasterKey
from core_service.store import open_core


@asynccontextmanager
async def empty_core(clock: VirtualClock, *tenants: str) -> AsyncIterator[CoreStore]:
    """Open a throw-away core with the tenants, `acme` if none is named."""
    randomness = SeededRandomness(1)
    key = LocalMasterKey(bytes(32), randomness)
    opened = await open_core("sqlite+aiosqlite:///:memory:", sealing=key, clock=clock, randomness=randomness)
    try:
        for tenant in tenants or ("acme",):
            await opened.platform.put_tenant(Tenant(tenant=tenant, name=tenant.title()))
        yield opened
    finally:
        await opened.close()
