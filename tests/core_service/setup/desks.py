"""Set-up desks for tests: the real store in memory with two tenants, and what each change told to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.ports.unit_of_work import CoreStore
from core_service.ports.work import store_audience
from core_service.setup.desk import Desk
from core_service.setup.shops import StoreDraft, put_store
from tests.core_service.core import empty_core

TENANT = "acme"
RIVAL = "rival"
LEEDS = StoreDraft(store="leeds", name="Leeds", time_zone="Europe/London", currency_code="GBP")
YORK = replace(LEEDS, store="york", name="York")


@asynccontextmanager
async def open_desk(*stores: StoreDraft) -> AsyncIterator[Desk]:
    """Open a desk of tenant acme with stores; another tenant has a store `leeds` too."""
    clock = VirtualClock()
    async with empty_core(clock, TENANT, RIVAL) as core:
        desk = Desk(core=core, clock=clock, randomness=SeededRandomness(4), tenant=TENANT, actor="credential:x")
        for draft in stores:
            await put_store(desk, draft)
        await put_store(replace(desk, tenant=RIVAL), LEEDS)
        yield desk


async def told(core: CoreStore, store: str, tenant: str = TENANT) -> list[str]:
    """Number what is unnumbered and return everything that a store's agent is told, as `kind subject`, in order of id."""
    fence = await core.feed.hold_lease("numbering", "a test", VirtualClock().now(), 60.0)
    assert fence is not None
    while await core.feed.number("numbering", fence, 1000):
        pass
    async with core.read(tenant) as uow:
        return sorted(
            f"{item.kind} {item.subject}" for item in await uow.changes.since(store_audience(store), 0, 10_000)
        )
