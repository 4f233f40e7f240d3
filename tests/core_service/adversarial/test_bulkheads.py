"""One tenant's trouble is not another's: breakers and shares of the worker belong to a tenant's destination (faults rows 66, 75)."""

from __future__ import annotations

import asyncio

from adapters.errors import Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.work import ClaimedWork, NewWork, WorkKind
from core_service.ports.unit_of_work import CoreStore
from core_service.work.worker import Handler, Worker, WorkerSeams, WorkerSettings
from tests.core_service.core import empty_core


async def _parked(_work: ClaimedWork, _reason: Reason, _sentence: str) -> None:
    return


def _worker(store: CoreStore, clock: VirtualClock, handler: Handler) -> Worker:
    seams = WorkerSeams(
        clock=clock, randomness=SeededRandomness(2), failpoints=NoFailpoints(), telemetry=MemoryTelemetry()
    )
    return Worker(
        claims=store.work_claims,
        handlers=dict.fromkeys(WorkKind, handler),
        parked=_parked,
        seams=seams,
        owner="worker-1",
        settings=WorkerSettings(),
    )


async def _enqueue(store: CoreStore, clock: VirtualClock, tenant: str, count: int, destination: str) -> None:
    async with store.begin(tenant) as uow:
        await uow.work.enqueue(
            [
                NewWork(
                    work_id=f"wrk_{number}",
                    kind=WorkKind.DISPATCH_ORDER,
                    subject=f"{tenant}/{number}",
                    destination=destination,
                    due_at=clock.now(),
                )
                for number in range(count)
            ]
        )
        await uow.commit()


async def test_fault_075_a_dead_warehouse_of_one_tenant_does_not_stop_another_tenants_of_the_same_name() -> None:
    """Two tenants call their warehouse `main`; one is down, its breaker opens, and the other's orders go out."""
    clock = VirtualClock()
    done: list[str] = []

    async def handle(work: ClaimedWork) -> None:
        if work.tenant == "acme":
            raise Transient(Reason.WMS_UNREACHABLE, "It does not answer.")
        done.append(work.subject)

    async with empty_core(clock, "acme", "zeta") as store:
        await _enqueue(store, clock, "acme", 8, "wms/main")
        worker = _worker(store, clock, handle)
        while await worker.step():
            pass
        await _enqueue(store, clock, "zeta", 3, "wms/main")
        while await worker.step():
            pass
        assert sorted(done) == ["zeta/0", "zeta/1", "zeta/2"]


async def test_fault_075_a_slow_warehouse_of_one_tenant_leaves_another_tenants_share() -> None:
    """All of one tenant's share hangs; the other's work is claimed beside it."""
    clock = VirtualClock()
    hanging, done = asyncio.Event(), asyncio.Event()
    begun: list[str] = []

    async def handle(work: ClaimedWork) -> None:
        begun.append(work.subject)
        if work.tenant == "acme":
            await hanging.wait()
        else:
            done.set()

    async with empty_core(clock, "acme", "zeta") as store:
        await _enqueue(store, clock, "acme", 4, "wms/main")
        worker = _worker(store, clock, handle)
        running = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(10):
                while len(begun) < 4:
                    await asyncio.sleep(0.001)
                await _enqueue(store, clock, "zeta", 1, "wms/main")
                worker.wake()
                await done.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
