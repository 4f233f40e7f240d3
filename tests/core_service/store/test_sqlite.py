"""SQLite as the core's engine: what is asserted at open, what happens to broken connections, how questions are answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from core_service.ports.orders import OrderFilter
from core_service.ports.work import OMS, Change, ChangeKind
from core_service.store.schema import database_path
from tests.contracts import records, setup_records
from tests.core_service.store.stores import opened, with_tenants
from tests.fakes.inline_sqlite import InlineConnection, InlineCursor, inline


def _path(url: str) -> Path:
    path = database_path(url)
    assert path is not None
    return path


class _Stubborn(InlineCursor):
    """A file that does not take WAL: the pragma answers with another mode and raises nothing."""

    async def execute(self, operation: str, parameters: Any = ()) -> InlineCursor:
        return await super().execute(operation.replace("journal_mode=WAL", "journal_mode=DELETE"), parameters)


async def test_fault_013_a_file_that_does_not_take_wal_is_refused(url: str, clock: VirtualClock) -> None:
    """The answer of the pragma decides, not the absence of an error."""
    path = _path(url)

    async def connect() -> InlineConnection:
        return InlineConnection(sqlite3.connect(path, isolation_level=None), _Stubborn)

    with pytest.raises(Permanent) as refused:
        await opened(url, clock, connect=connect)
    assert refused.value.reason is Reason.JOURNAL_NOT_DURABLE
    assert "delete" in refused.value.sentence


async def test_fault_012_after_a_failed_commit_the_connection_is_never_used_again(
    url: str, clock: VirtualClock
) -> None:
    """The caller is told to retry, nothing was kept, and the next unit of work has a new connection."""
    made: list[_Failing] = []
    core = await with_tenants(await opened(url, clock, connect=_failing(_path(url), made)))
    before = len(made)
    for connection in made:
        connection.broken = True

    async def put_shop() -> None:
        async with core.begin("acme") as uow:
            await uow.stores.put(setup_records.shop())
            await uow.commit()

    with pytest.raises(Transient) as told:
        await put_shop()
    assert told.value.reason is Reason.DATABASE_UNAVAILABLE
    async with core.begin("acme") as uow:
        assert await uow.stores.get("high-street") is None
    await put_shop()
    assert len(made) == before + 1
    await core.close()


class _Failing(InlineConnection):
    """A disk whose fsync fails at the commit."""

    broken = False

    async def commit(self) -> None:
        if self.broken:
            message = "disk I/O error"
            raise sqlite3.OperationalError(message)
        await super().commit()


def _failing(path: Path, made: list[_Failing]) -> Callable[[], Awaitable[_Failing]]:
    async def connect() -> _Failing:
        made.append(_Failing(sqlite3.connect(path, isolation_level=None)))
        return made[-1]

    return connect


async def test_another_process_that_writes_is_waited_for_or_named_as_transient(url: str, clock: VirtualClock) -> None:
    """A command line that holds the file does not make a batch vanish: the caller is told to try again."""
    core = await with_tenants(await opened(url, clock, connect=inline(_path(url))))
    other = sqlite3.connect(_path(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient) as told:
        async with core.begin("acme"):
            pass
    assert told.value.reason is Reason.DATABASE_UNAVAILABLE
    other.execute("ROLLBACK")
    other.close()
    async with core.begin("acme") as uow:
        await uow.commit()
    await core.close()


async def test_a_reading_connection_cannot_write(url: str, clock: VirtualClock) -> None:
    """Not even by mistake: a write in a snapshot is refused by SQLite itself."""
    core = await with_tenants(await opened(url, clock))
    async with core.read("acme") as uow:
        with pytest.raises(Transient):
            await uow.stores.put(setup_records.shop())
    async with core.read("acme") as uow:
        assert await uow.stores.get("high-street") is None
    await core.close()


async def test_what_was_committed_is_there_after_opening_again(url: str, clock: VirtualClock) -> None:
    """Closing and opening loses nothing: tenants, sealed bytes, the feed's name."""
    core = await with_tenants(await opened(url, clock))
    feed = await core.feed.feed_id()
    async with core.begin("acme") as uow:
        await uow.raw.put([("raw_1", b"x")])
        await uow.commit()
    await core.close()
    core = await opened(url, clock, seed=2)
    assert await core.feed.feed_id() == feed
    async with core.read("acme") as uow:
        assert await uow.raw.get("raw_1") == b"x"
    await core.close()


async def test_erased_keys_and_bytes_are_nowhere_in_the_file(url: str, clock: VirtualClock) -> None:
    """What is erased is overwritten, not only marked as free (invariant 15)."""
    core = await with_tenants(await opened(url, clock))
    async with core.begin("acme") as uow:
        await uow.raw.put([("raw_1", b"x" * 300)])
        await uow.commit()
    path = _path(url)
    with sqlite3.connect(path) as looking:
        wrapped, sealed = looking.execute("SELECT wrapped_key, ciphertext FROM sealed_raw").fetchone()
    looking.close()
    async with core.begin("acme") as uow:
        await uow.raw.erase("raw_1")
        await uow.commit()
    await core.close()
    kept = path.read_bytes()
    assert wrapped not in kept
    assert sealed not in kept


async def test_throw_away_databases_are_apart_and_gone_at_close(clock: VirtualClock) -> None:
    """Each opening is a new one, and nothing is left of it."""
    one, two = [await with_tenants(await opened("sqlite+aiosqlite:///:memory:", clock)) for _ in range(2)]
    async with one.begin("acme") as uow:
        await uow.stores.put(setup_records.shop())
        await uow.commit()
    async with two.read("acme") as uow:
        assert await uow.stores.get("high-street") is None
    directories = [store._database._settings.throw_away for store in (one, two)]  # type: ignore[attr-defined]
    assert all(directory.exists() for directory in directories)
    await one.close()
    await two.close()
    assert not any(directory.exists() for directory in directories)


async def test_no_question_on_the_way_of_a_sale_reads_a_whole_table(url: str, clock: VirtualClock) -> None:
    """With a million orders stored each is answered from its key or index, so that rates do not fall as the database grows."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            asked.append((statement, parameters))

    core = await with_tenants(await opened(url, clock))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        await _ask_as_ingest(core)
        await _ask_as_orders(core)
        await _ask_as_everyone_else(core)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    await core.close()
    with sqlite3.connect(_path(url)) as looking:
        for statement, parameters in asked:
            one = parameters[0] if isinstance(parameters, list) else parameters
            plan = [row[3] for row in looking.execute(f"EXPLAIN QUERY PLAN {statement}", one)]
            assert not [step for step in plan if step.startswith("SCAN") and "each" not in step], (statement, plan)
            assert not [step for step in plan if step.endswith("(tenant=?)") and "PRIMARY" in step], (statement, plan)
    looking.close()
    assert len(asked) > 30


async def _ask_as_ingest(core: Any) -> None:
    async with core.begin("acme") as uow:
        session = await uow.streams.open("agt_1", records.EPOCH, b"s")
        await uow.streams.advance("agt_1", records.EPOCH, b"s", session, session)
        await uow.skus.put([setup_records.mug()])
        await uow.skus.resolve(["7", "MUG-BLUE"])
        await uow.keys.find([records.known("1").key.name])
        await uow.inbox.verdicts("agt_1", records.EPOCH, 0, 9)
        await uow.inbox.get("agt_1", records.EPOCH, 1)
        await uow.inbox.by_receipt("rcp_1")
        await uow.sales.add([records.sale_record()])
        await uow.sales.get(["sal_1"])
        await uow.sales.void("sal_1", "sal_2")
        await uow.sales.facts_of("sal_1")
        await uow.raw.put([("raw_1", b"x")])
        await uow.raw.get("raw_1")
        await uow.stock.positions([("north-dc", "MUG-BLUE")])
        await uow.stock.movements_of("sal_1:0")
        await uow.stock.levels(["north-dc"], ["MUG-BLUE"], None, 10)
        await uow.rights.of_store("high-street", ["rgt_1"])
        await uow.rights.settle("rgt_1")
        await uow.commit()


async def _ask_as_orders(core: Any) -> None:
    async with core.begin("acme") as uow:
        await uow.orders.add([records.order()])
        await uow.orders.get_many(["ord_1", "ord_2"])
        await uow.orders.list(OrderFilter(), (0, ""), 10)
        await uow.orders.list(OrderFilter(reference="r"), None, 10)
        await uow.orders.waiting_for("MUG-BLUE", 10)
        await uow.orders.routed_since("north-dc", records.T0)
        await uow.orders.open_at("north-dc", "MUG-BLUE")
        await uow.orders.close_reservations("ord_1")
        await uow.orders.reservations("ord_1")
        await uow.exceptions.list("", None, None, 10)
        await uow.exceptions.list("SKU_UNKNOWN", records.parked().status, (0, ""), 10)
        await uow.lineage.add([])
        await uow.lineage.of("sal_1")
        await uow.commit()


async def _ask_as_everyone_else(core: Any) -> None:
    async with core.begin("acme") as uow:
        await uow.answers.find("a", "b", "c")
        await uow.work.again(records.work())
        await uow.work.again(records.work())
        await uow.fleet.newest_certificate("agt_1")
        await uow.tills.keys("high-street", "1", records.T0)
        await uow.changes.record([Change(audience=OMS, kind=ChangeKind.SKU, subject="MUG-BLUE")])
        await uow.changes.since(OMS, 0, 10)
        await uow.changes.newest(OMS)
        await uow.commit()
    (claimed,) = await core.work_claims.claim("w", records.after(1), 30, 10, [("acme", "elsewhere")])
    await core.work_claims.complete(claimed, records.after(2))
    await core.platform.credential("crd_1")
    await core.platform.token_tenant(b"x")
