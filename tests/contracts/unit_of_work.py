"""What every engine of the core's store must do: inherit `UnitOfWorkContract`, and give the fixture `core`.

`core` is a fresh `CoreStore` on a `VirtualClock` that is the fixture `clock`, in which the tenants `acme` and `bolt` are set up. Every
repository is tried with both tenants under the same ids.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Sku
from core_service.ports.stock import LocationSku
from core_service.ports.unit_of_work import CoreStore, UnitOfWork
from tests.contracts import records, setup_records
from tests.contracts.store_ingest import IngestStoreContract
from tests.contracts.store_orders import OrderStoreContract
from tests.contracts.store_platform import PlatformContract
from tests.contracts.store_setup import SetupStoreContract
from tests.contracts.store_stock import StockStoreContract
from tests.contracts.store_work import WorkStoreContract

_MUGS: LocationSku = ("north-dc", "MUG-BLUE")


class UnitOfWorkContract(
    IngestStoreContract,
    StockStoreContract,
    OrderStoreContract,
    SetupStoreContract,
    WorkStoreContract,
    PlatformContract,
):
    """Transactions; the repositories' own promises are inherited."""

    async def test_what_is_committed_is_there(self, core: CoreStore) -> None:
        """A commit is seen by the next snapshot."""
        async with core.begin("acme") as uow:
            await uow.stores.put(setup_records.shop())
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.stores.get("high-street") == setup_records.shop()

    async def test_leaving_without_commit_leaves_nothing(self, core: CoreStore) -> None:
        """A block that ends without commit, however much it wrote, never was."""
        async with core.begin("acme") as uow:
            await _write_a_little_of_everything(uow)
        await _find_nothing(core)

    async def test_an_error_leaves_nothing(self, core: CoreStore) -> None:
        """A block that ends by an exception never was, and the exception comes out as it is."""

        async def fail() -> None:
            async with core.begin("acme") as uow:
                await _write_a_little_of_everything(uow)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        await _find_nothing(core)

    async def test_a_refused_row_leaves_nothing_of_its_transaction(self, core: CoreStore) -> None:
        """What came before a refused row goes with it."""

        async def repeat() -> None:
            async with core.begin("acme") as uow:
                await _write_a_little_of_everything(uow)
                await uow.keys.add([records.known("17")])

        with pytest.raises(Permanent) as refused:
            await repeat()
        assert refused.value.reason is Reason.ALREADY_EXISTS
        await _find_nothing(core)

    async def test_a_cancelled_block_leaves_nothing_and_the_next_one_gets_its_turn(self, core: CoreStore) -> None:
        """A task that is cancelled half-way holds nobody up."""
        begun = asyncio.Event()

        async def hang() -> None:
            async with core.begin("acme") as uow:
                await _write_a_little_of_everything(uow)
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hang())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _find_nothing(core)
        async with core.begin("acme") as uow:
            await uow.stores.put(setup_records.shop())
            await uow.commit()

    async def test_a_reader_sees_one_snapshot(self, core: CoreStore) -> None:
        """What commits while a reader reads is not seen by it, in any table."""
        async with core.read("acme") as reader:
            assert await reader.stores.get("high-street") is None
            async with core.begin("acme") as uow:
                await _write_a_little_of_everything(uow)
                await uow.commit()
            assert await reader.stores.get("high-street") is None
            assert await reader.keys.find([records.known("17").key.name]) == {}
        async with core.read("acme") as reader:
            assert await reader.stores.get("high-street") is not None

    async def test_nothing_uncommitted_is_seen(self, core: CoreStore) -> None:
        """A reader beside a writer sees what was before."""
        async with core.begin("acme") as uow:
            await uow.stores.put(setup_records.shop())
            async with core.read("acme") as reader:
                assert await reader.stores.get("high-street") is None
            await uow.commit()

    async def test_a_reader_cannot_commit(self, core: CoreStore) -> None:
        """A snapshot changes nothing."""
        async with core.read("acme") as uow:
            with pytest.raises(RuntimeError):
                await uow.commit()

    async def test_an_ended_unit_of_work_does_nothing(self, core: CoreStore) -> None:
        """After its commit, or after its block, a unit of work refuses."""
        async with core.begin("acme") as uow:
            await uow.commit()
            with pytest.raises(RuntimeError):
                await uow.stores.put(setup_records.shop())
            with pytest.raises(RuntimeError):
                await uow.commit()
        with pytest.raises(RuntimeError):
            await uow.stores.get("high-street")

    async def test_no_tenant_no_unit_of_work(self, core: CoreStore) -> None:
        """Without a tenant nothing is opened (faults row 64)."""
        with pytest.raises(Permanent):
            async with core.begin(""):
                pass
        with pytest.raises(Permanent):
            async with core.read(""):
                pass

    async def test_concurrent_writers_lose_no_update(self, core: CoreStore) -> None:
        """Twenty tasks that each take one unit leave twenty fewer: reading and writing in one unit of work is not interleaved."""
        async with core.begin("acme") as uow:
            await uow.stock.book([records.received("rcv_1", 50)], {_MUGS: records.holding(50)}, records.T0)
            await uow.commit()

        async def take(number: int) -> None:
            async with core.begin("acme") as uow:
                held = (await uow.stock.positions([_MUGS]))[_MUGS]
                moved = records.sold(f"sal_{number}", "1")
                left = replace(held, on_hand=held.on_hand - 1, core_rights=held.core_rights - 1)
                await uow.stock.book([moved], {_MUGS: left}, records.T0)
                await uow.commit()

        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                tasks.create_task(take(number))
        async with core.read("acme") as uow:
            assert (await uow.stock.positions([_MUGS]))[_MUGS] == records.holding(30)
            assert await uow.stock.verify() == []

    async def test_many_readers_at_once_all_get_their_turn(self, core: CoreStore) -> None:
        """More readers than there are connections wait for one another."""

        async def look() -> Sku | None:
            async with core.read("acme") as uow:
                return await uow.skus.get("nothing")

        assert await asyncio.gather(*(look() for _ in range(50))) == [None] * 50


async def _write_a_little_of_everything(uow: UnitOfWork) -> None:
    await uow.stores.put(setup_records.shop())
    await uow.skus.put([setup_records.mug()])
    await uow.keys.add([records.known("17")])
    await uow.sales.add([records.sale_record()])
    await uow.raw.put([("raw_1", b"raw")])
    await uow.inbox.add([records.inbox_row(1)])
    await uow.stock.book([records.received("rcv_1", 5)], {_MUGS: records.holding(5)}, records.T0)
    await uow.orders.add([records.order()])
    await uow.exceptions.add([records.parked()])
    await uow.work.enqueue([records.work()])


async def _find_nothing(core: CoreStore) -> None:
    async with core.read("acme") as uow:
        assert await uow.stores.get("high-street") is None
        assert await uow.skus.resolve(["MUG-BLUE", "7"]) == {}
        assert await uow.keys.find([records.known("17").key.name]) == {}
        assert await uow.sales.get(["sal_1"]) == {}
        assert await uow.raw.get("raw_1") is None
        assert await uow.inbox.verdicts("agt_1", records.EPOCH, 0, 10) == []
        assert await uow.stock.levels([], [], None, 10) == []
        assert await uow.stock.movements_of("rcv_1") == []
        assert await uow.orders.get("ord_1") is None
        assert await uow.exceptions.get("exc_1") is None
    assert await core.work_claims.claim("worker", records.after(10), 60, 10, []) == []
