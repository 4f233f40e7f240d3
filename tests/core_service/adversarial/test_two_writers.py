"""Several writers of one SQLite file: a busy database, or a caller who goes away, makes nobody lose, double or stand still (rows 2, 36, 44)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import ArmedFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.order import OrderStatus
from core_service.orders.placing import NewOrder, WantedLine, create_order
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.normalise import Readers
from core_service.pipeline.route import NearestRouter
from core_service.pipeline.writer import IngestWriter, WriterLimits
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import CoreStore
from core_service.store import sqlite as engine
from core_service.store.schema import migrate
from core_service.store.unit_of_work import SqlUnitOfWork
from tests.core_service.shop import OMS, TENANT, Shop, decode_rights, furnish, settle
from tests.core_service.store.stores import opened, with_tenants
from tests.fakes.script_dialect import SHIP_TO, Line, ScriptDialect, script

SOLD = [Line("MUG", "1")]
NO_WAIT = WriterLimits(tries=2, backoff=Backoff(base=0, cap=0))


def _shop(core: CoreStore, clock: VirtualClock) -> Shop:
    failpoints, telemetry = ArmedFailpoints(), MemoryTelemetry()
    pipeline = Pipeline(
        core=core,
        clock=clock,
        failpoints=failpoints,
        telemetry=telemetry,
        readers=Readers(dialect=lambda _: ScriptDialect(), decode_rights=decode_rights),
        router=NearestRouter(),
    )
    return Shop(core, clock, pipeline, failpoints, telemetry)


@asynccontextmanager
async def servers(path: Path, count: int) -> AsyncIterator[list[Shop]]:
    """Open so many servers on one file; the first has enrolled the agent of `north`."""
    url, clock = f"sqlite+aiosqlite:///{path}", VirtualClock()
    await asyncio.to_thread(migrate, url)
    cores = [await opened(url, clock, seed=number) for number in range(1, count + 1)]
    try:
        await with_tenants(cores[0])
        await furnish(cores[0], ["north"])
        shops = [_shop(core, clock) for core in cores]
        await shops[0].enrol("north")
        yield shops
    finally:
        for core in cores:
            await core.close()


@asynccontextmanager
async def writing(shop: Shop) -> AsyncIterator[IngestWriter]:
    """Run the server's writer."""
    writer = IngestWriter(shop.pipeline, SeededRandomness(1), NO_WAIT)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def order(shop: Shop, reference: str) -> bytes:
    """Order one mug over the API."""
    wanted = NewOrder(
        request_id=reference,
        reference=reference,
        lines=(WantedLine(name="MUG", quantity=Decimal(1)),),
        ship_to=SHIP_TO,
    )
    return await create_order(shop.pipeline, OMS, wanted, lambda found: found.order_id.encode())


async def test_fault_036_two_servers_on_one_file_promise_each_unit_once(tmp_path: Path) -> None:
    """Sixty orders race for twenty mugs through two servers, each asked twice: twenty are routed, and each is there once."""
    async with servers(tmp_path / "core.db", 2) as shops:
        await shops[0].receive("wh-east", "MUG", "20")
        asked = [order(shop, f"o{number}") for number in range(60) for shop in shops]
        answers = await asyncio.gather(*asked)
        assert answers[::2] == answers[1::2]
        found = await shops[1].orders()
        assert len(found) == 60
        assert sum(one.status is OrderStatus.ROUTED for one in found) == 20
        assert (await shops[0].position("wh-east", "MUG")).reserved == 20
        await shops[0].sound()


async def test_fault_044_a_database_that_another_process_holds_gives_the_batch_back_and_takes_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command line writes for longer than anybody waits: the agent is told to come again, and what it sends again books once."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    path = tmp_path / "core.db"
    async with servers(path, 1) as [shop], writing(shop) as writer:
        agent = shop.agent("north").journal(script("sale", "1", SOLD), script("sale", "2", SOLD))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            with pytest.raises(Transient):
                await writer.submit(agent.batch())
        with pytest.raises(Transient):
            await order(shop, "o1")
        assert (await shop.position("north", "MUG")).on_hand == 0
        other.execute("ROLLBACK")
        other.close()
        assert len(settle(agent, await writer.submit(agent.batch()))) == 2
        assert await order(shop, "o1") == await order(shop, "o1")
        assert (await shop.position("north", "MUG")).on_hand == Decimal(-2)
        await shop.sound()


async def test_fault_002_two_streams_of_one_agent_on_two_servers_book_each_entry_once(tmp_path: Path) -> None:
    """Both send the same entries at the same moment under one session: one moves the watermark, the other is refused."""
    async with servers(tmp_path / "core.db", 2) as shops:
        agent = shops[0].agent("north").journal(*(script("sale", str(number), SOLD) for number in range(20)))
        async with writing(shops[0]) as one, writing(shops[1]) as two:
            answers = await asyncio.gather(one.submit(agent.batch()), two.submit(agent.batch()), return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, TillstreamError)]
        assert [error.reason for error in refused] == [Reason.SESSION_SUPERSEDED]
        assert (await shops[0].position("north", "MUG")).on_hand == Decimal(-20)
        await shops[0].sound()


async def test_fault_044_callers_who_go_away_at_any_moment_leave_the_database_to_others(tmp_path: Path) -> None:
    """Deadlines end calls at every step of a transaction; after each the next caller is served, and a repeat finds one order."""
    async with servers(tmp_path / "core.db", 1) as [shop]:
        await shop.receive("wh-east", "MUG", "100")
        for number in range(60):
            call = asyncio.create_task(order(shop, f"o{number}"))
            for _ in range(number):
                await asyncio.sleep(0)
            await asyncio.sleep(number / 10_000)  # smell: sleep - the moment of the cancellation is what varies
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            async with asyncio.timeout(10):
                await order(shop, f"o{number}")
        found = await shop.orders()
        assert len(found) == 60
        assert (await shop.position("wh-east", "MUG")).reserved == 60
        await shop.sound()


async def test_a_session_taken_over_on_the_other_server_is_refused_on_the_first(tmp_path: Path) -> None:
    """The zombie's batch waits in its queue while the agent opens a stream elsewhere: it commits nothing."""
    async with servers(tmp_path / "core.db", 2) as shops:
        agent = shops[0].agent("north").journal(script("sale", "1", SOLD))
        zombie = agent.batch()
        async with shops[1].core.begin(TENANT) as uow:
            await uow.streams.open(agent.identity.agent, agent.epoch, b"newer")
            await uow.commit()
        async with writing(shops[0]) as one, writing(shops[1]) as two:
            with pytest.raises(Permanent, match="SESSION_SUPERSEDED"):
                await one.submit(zombie)
            settle(agent, await two.submit(replace(zombie, session=b"newer")))
        assert (await shops[0].position("north", "MUG")).on_hand == Decimal(-1)


async def test_fault_044_readers_who_go_away_at_any_moment_leave_their_connections_to_others(tmp_path: Path) -> None:
    """Many more readers than connections are cut off; reading and numbering the feed go on."""
    async with servers(tmp_path / "core.db", 1) as [shop]:
        for number in range(60):
            call = asyncio.create_task(shop.orders())
            claim = asyncio.create_task(shop.core.work_claims.claim("w", shop.clock.now(), 60, 1, []))
            await asyncio.sleep(number / 20_000)  # smell: sleep - the moment of the cancellation is what varies
            call.cancel()
            claim.cancel()
            await asyncio.gather(call, claim, return_exceptions=True)
        async with asyncio.timeout(10):
            await asyncio.gather(*(shop.orders() for _ in range(20)))
            await shop.receive("wh-east", "MUG", "1")


async def test_fault_025_a_core_that_closes_waits_for_who_was_just_cut_off(tmp_path: Path) -> None:
    """Calls are cancelled and not waited for, as a gRPC server does when it stops: no connection is left behind, the file is whole."""
    path = tmp_path / "core.db"
    async with servers(path, 1) as [shop]:
        calls: list[asyncio.Task[object]] = [asyncio.create_task(shop.orders()) for _ in range(6)]
        calls += [asyncio.create_task(order(shop, f"o{number}")) for number in range(3)]
        await asyncio.sleep(0.005)  # smell: sleep - the moment of the cancellation is what varies
        for call in calls:
            call.cancel()
        await shop.core.close()
        assert not path.with_name("core.db-wal").exists()
        await asyncio.gather(*calls, return_exceptions=True)


async def test_fault_044_a_statement_that_the_engine_refuses_gives_the_write_lock_back(tmp_path: Path) -> None:
    """The transaction's connection is given up and rolled back; the next writer, here and in another process, is served at once."""
    path = tmp_path / "core.db"
    async with servers(path, 2) as shops:
        for _ in range(3):
            with pytest.raises(Transient, match="DATABASE_UNAVAILABLE"):
                await _refused_half_way(shops[0])
            async with asyncio.timeout(2):
                await shops[1].receive("wh-east", "MUG", "1", "r1")
                await shops[0].receive("wh-east", "MUG", "1", "r2")
        async with shops[1].core.read(TENANT) as uow:
            assert await uow.audit.of("c") == []
        assert (await shops[0].position("wh-east", "MUG")).on_hand == 2


async def _refused_half_way(shop: Shop) -> None:
    """Write something, then a statement below the repositories that the engine refuses."""
    async with shop.core.begin(TENANT) as uow:
        assert isinstance(uow, SqlUnitOfWork)
        await uow.audit.add(AuditEntry(at=shop.clock.now(), actor="a", action="b", subject="c"))
        await uow._transaction.execute(text("SELECT no_such()"))
