"""Promises of core_service/work/worker.py, on the real store and a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.work import ClaimedWork, NewWork, WorkKind
from core_service.ports.unit_of_work import CoreStore
from core_service.work.worker import Handler, Worker, WorkerSeams, WorkerSettings
from tests.core_service.core import empty_core


@pytest.fixture
def clock() -> VirtualClock:
    """Time that the test moves."""
    return VirtualClock()


@pytest.fixture
async def store(clock: VirtualClock) -> AsyncIterator[CoreStore]:
    """An empty core with one tenant."""
    async with empty_core(clock) as opened:
        yield opened


class Record:
    """What a test's handler was given and what was parked."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.parked: list[tuple[str, Reason]] = []
        self.errors: dict[str, Exception] = {}

    async def handle(self, work: ClaimedWork) -> None:
        """Do it, or fail as the test wants."""
        if error := self.errors.get(work.subject):
            raise error
        self.done.append(work.subject)

    async def park(self, work: ClaimedWork, reason: Reason, _: str) -> None:
        """Remember."""
        self.parked.append((work.subject, reason))


def worker(
    store: CoreStore, clock: VirtualClock, record: Record, handler: Handler | None = None, **bounds: float
) -> Worker:
    """Return a worker whose handler records."""
    seams = WorkerSeams(
        clock=clock, randomness=SeededRandomness(2), failpoints=NoFailpoints(), telemetry=MemoryTelemetry()
    )
    return Worker(
        claims=store.work_claims,
        handlers=dict.fromkeys(WorkKind, handler or record.handle),
        parked=record.park,
        seams=seams,
        owner="worker-1",
        settings=WorkerSettings(**bounds),  # type: ignore[arg-type]
    )


async def enqueue(
    store: CoreStore, clock: VirtualClock, *subjects: str, destination: str = "north", tries: int = 3
) -> None:
    """Enqueue one piece of work for each subject."""
    work = [
        NewWork(
            work_id=f"wrk_{subject}",
            kind=WorkKind.DISPATCH_ORDER,
            subject=subject,
            destination=destination,
            due_at=clock.now(),
            max_attempts=tries,
        )
        for subject in subjects
    ]
    async with store.begin("acme") as uow:
        await uow.work.enqueue(work)
        await uow.commit()


async def test_due_work_is_done_once(store: CoreStore, clock: VirtualClock) -> None:
    """Done work is not claimed again."""
    record = Record()
    await enqueue(store, clock, "a", "b")
    one = worker(store, clock, record)
    assert await one.step() == 2
    assert await one.step() == 0
    assert sorted(record.done) == ["a", "b"]


async def test_work_enqueued_twice_is_done_once(store: CoreStore, clock: VirtualClock) -> None:
    """The cause happened twice, the id is derived."""
    record = Record()
    await enqueue(store, clock, "a")
    await enqueue(store, clock, "a")
    await worker(store, clock, record).step()
    assert record.done == ["a"]


async def test_a_transient_failure_is_tried_again_later_and_parked_after_the_last_try(
    store: CoreStore, clock: VirtualClock
) -> None:
    """Three tries, then a person is told."""
    record = Record()
    record.errors["a"] = Transient(Reason.WMS_UNREACHABLE, "silence")
    await enqueue(store, clock, "a")
    one = worker(store, clock, record)
    for _ in range(3):
        assert await one.step() == 1
        clock.advance(600)
    assert record.parked == [("a", Reason.ATTEMPTS_EXHAUSTED)]
    assert await one.step() == 0


async def test_a_permanent_failure_is_parked_at_once_and_the_next_one_goes_on(
    store: CoreStore, clock: VirtualClock
) -> None:
    """Poison does not block the head of the line."""
    record = Record()
    record.errors["a"] = Permanent(Reason.WMS_REFUSED, "no")
    await enqueue(store, clock, "a", "b")
    await worker(store, clock, record).step()
    assert (record.parked, record.done) == ([("a", Reason.WMS_REFUSED)], ["b"])


async def test_a_handler_that_breaks_is_tried_again_and_named(store: CoreStore, clock: VirtualClock) -> None:
    """An unexpected exception is no reason to lose work."""
    record = Record()
    record.errors["a"] = KeyError("oops")
    await enqueue(store, clock, "a", tries=1)
    await worker(store, clock, record).step()
    assert record.parked == [("a", Reason.ATTEMPTS_EXHAUSTED)]


async def test_fault_021_a_worker_that_slept_past_its_lease_changes_nothing(
    store: CoreStore, clock: VirtualClock
) -> None:
    """SIGSTOP past the lease, another worker takes over, SIGCONT: the fence refuses the first."""
    record = Record()
    await enqueue(store, clock, "a")
    first = (await store.work_claims.claim("sleeper", clock.now(), 60, 10, []))[0]
    clock.advance(61)
    assert await worker(store, clock, record).step() == 1
    assert not await store.work_claims.complete(first, clock.now())
    assert not await store.work_claims.retry(first, clock.now() + timedelta(seconds=1), "X", "y")
    assert not await store.work_claims.park(first, clock.now(), "X", "y")
    assert record.done == ["a"]


async def test_a_failing_destination_is_left_alone_for_a_while_and_others_go_on(
    store: CoreStore, clock: VirtualClock
) -> None:
    """The breaker opens after five failures in a row, half-opens after its cooldown."""
    record = Record()
    failing = [f"f{number}" for number in range(5)]
    record.errors = {name: Transient(Reason.WMS_UNREACHABLE, "silence") for name in failing}
    await enqueue(store, clock, *failing, destination="south", tries=99)
    one = worker(store, clock, record, per_destination=8)
    assert await one.step() == 5
    await enqueue(store, clock, "later", destination="south")
    await enqueue(store, clock, "other", destination="north")
    assert await one.step() == 1
    assert record.done == ["other"]
    record.errors.clear()
    clock.advance(31)
    await one.step()
    assert "later" in record.done


async def test_fault_075_a_slow_destination_fills_only_its_own_share(store: CoreStore, clock: VirtualClock) -> None:
    """Two of the slow one run; the quick one's work is done meanwhile."""
    record = Record()
    release = asyncio.Event()

    async def handle(work: ClaimedWork) -> None:
        if work.destination == "slow":
            await release.wait()
        record.done.append(work.subject)

    await enqueue(store, clock, *[f"s{number}" for number in range(6)], destination="slow")
    one = worker(store, clock, record, handle, per_destination=2, concurrency=8)
    running = asyncio.create_task(one.run())
    await enqueue(store, clock, "q1", "q2", destination="quick")
    async with asyncio.timeout(10):
        while sorted(record.done) != ["q1", "q2"]:
            one.wake()
            await asyncio.sleep(0.01)
    release.set()
    async with asyncio.timeout(10):
        while len(record.done) < 8:
            one.wake()
            clock.advance(1)
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
