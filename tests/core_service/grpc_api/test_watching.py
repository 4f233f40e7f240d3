"""The OMS's watches: everything once, then every change; a broken stream, a restart, a restored core and an ended credential lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from adapters.pos.registry import dialect
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.setup import Tenant
from core_service.downlink.oms_feed import OmsNews
from core_service.grpc_api.choke_point import RECHECK_SECONDS
from core_service.grpc_api.watching import cut, parts
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.normalise import Readers
from core_service.pipeline.route import NearestRouter
from core_service.sealing.master_key import LocalMasterKey
from core_service.store import backup, migrate, open_core, restore
from tests.core_service.grpc_api.oms import (
    RIVAL,
    SECONDS,
    Api,
    Client,
    furnish_rival,
    new_order,
    open_api,
    serving,
    told,
)
from tests.core_service.shop import TENANT, Shop, decode_rights
from tillstream.oms.v1 import order_service_pb2 as orders
from tillstream.oms.v1 import stock_service_pb2 as stock
from tillstream.oms.v1.money_pb2 import Money


@dataclass(slots=True)
class Watch:
    """An open watch and what it has shown."""

    call: Any
    api: Api

    async def next(self) -> Any:
        """Return the next answer that tells something, numbering what was committed."""
        while True:
            answer = await self.any()
            if answer.restarted or (answer.orders if isinstance(answer, orders.WatchOrdersResponse) else answer.levels):
                return answer

    async def any(self) -> Any:
        """Return the next answer, perhaps a sign of life."""
        await self.api.numbering.round()
        async with asyncio.timeout(SECONDS):
            return await self.call.read()


def watch_orders(api: Api, client: Client, token: str = "") -> Watch:
    """Open a watch that begins after a token, or with everything."""
    return Watch(client.watch(client.orders.WatchOrders, orders.WatchOrdersRequest(resume_token=token)), api)


def watch_stock(api: Api, client: Client, token: str = "") -> Watch:
    """As `watch_orders`, of levels."""
    return Watch(client.watch(client.stock.WatchStock, stock.WatchStockRequest(resume_token=token)), api)


async def create(client: Client, reference: str) -> str:
    """Make an order and return its id."""
    answer = await client.ask(client.orders.CreateOrder, new_order(reference))
    return str(answer.order.order_id)


async def test_a_watch_sends_every_order_then_each_change_in_its_present_state() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        first, second = await create(client, "1"), await create(client, "2")
        watch = watch_orders(api, client)
        answer = await watch.next()
        assert {order.order_id for order in answer.orders} == {first, second}
        assert not answer.restarted
        cancelled = await client.ask(client.orders.CancelOrder, orders.CancelOrderRequest(order_id=first))
        assert list((await watch.next()).orders) == [cancelled.order]


async def test_a_watch_resumed_by_its_token_sends_only_what_changed_since() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        await create(client, "1")
        watch = watch_orders(api, client)
        token = (await watch.next()).resume_token
        watch.call.cancel()
        second = await create(client, "2")
        resumed = await watch_orders(api, client, token).next()
        assert [order.order_id for order in resumed.orders] == [second]
        assert not resumed.restarted


async def test_a_stock_watch_sends_levels_by_location_and_sku_as_they_change(shop_of_three: tuple[Shop, Api]) -> None:
    shop, api = shop_of_three
    client = await api.client()
    await shop.receive("wh-east", "MUG", "5")
    await shop.receive("north", "CUP", "10")
    watch = watch_stock(api, client)
    answer = await watch.next()
    assert {(level.location, level.sku, level.on_hand) for level in answer.levels} == {
        ("wh-east", "MUG", "5"),
        ("north", "CUP", "10"),
    }
    await create(client, "1")
    [level] = (await watch.next()).levels
    assert (level.on_hand, level.core_rights, level.reserved) == ("5", "3", "2")


@pytest.fixture
async def shop_of_three() -> AsyncIterator[tuple[Shop, Api]]:
    """Return a chain with three stores, served."""
    async with open_api("north", "south", "west") as opened:
        yield opened


async def test_a_quiet_watch_gives_a_token_at_once_and_signs_of_life() -> None:
    async with open_api() as (shop, api):
        watch = watch_orders(api, await api.client())
        first = await watch.any()
        assert first.resume_token
        assert not first.orders
        reading = asyncio.ensure_future(watch.call.read())
        async with asyncio.timeout(SECONDS):
            while not reading.done():
                shop.clock.advance(1)
                await asyncio.sleep(0.01)
        assert not reading.result().orders


async def test_no_watch_tells_one_tenant_of_another() -> None:
    async with open_api() as (shop, api):
        client, rival = await api.client(), await api.client(RIVAL)
        await shop.receive("wh-east", "MUG", "5")
        await create(client, "1")
        theirs = watch_orders(api, rival)
        assert not (await theirs.any()).orders
        assert not (await watch_stock(api, rival).any()).levels
        own = await create(rival, "1")
        await create(client, "2")
        assert [order.order_id for order in (await theirs.next()).orders] == [own]


async def test_tokens_that_this_watch_never_gave_are_refused() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await shop.receive("wh-east", "MUG", "5")
        of_stock = (await watch_stock(api, client).next()).resume_token
        for token in (of_stock, of_stock[:-2], "x", "é", "A" * 5000):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await watch_orders(api, client, token).any()
            assert told(caught.value) == ("OUT_OF_RANGE", "RESUME_TOKEN_INVALID", "resume_token")


async def test_a_watch_ends_when_its_credential_is_revoked() -> None:
    async with open_api() as (shop, api):
        client, colleague = await api.client(), await api.client()
        ended, goes_on = watch_orders(api, client), watch_orders(api, colleague)
        await ended.any()
        await goes_on.any()
        async with api.core.begin(TENANT) as uow:
            await uow.credentials.revoke(client.credential.credential)
            await uow.commit()
        shop.clock.advance(RECHECK_SECONDS)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _to_its_end(ended)
        assert told(caught.value)[:2] == ("UNAUTHENTICATED", "CREDENTIAL_INVALID")
        order = await create(colleague, "1")
        assert [told.order_id for told in (await goes_on.next()).orders] == [order]


async def test_a_watch_ends_with_a_clear_status_when_the_core_stops_and_leaves_nothing_running() -> None:
    async with open_api() as (_, api):
        watch = watch_orders(api, await api.client())
        await watch.any()
        stopping = asyncio.ensure_future(api.listener.stop())
        async with asyncio.timeout(SECONDS):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await watch.call.read()
            await stopping
        assert told(caught.value)[:2] == ("UNAVAILABLE", "NOT_READY")
        names = {getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
        assert not {name for name in names if "ChokePoint" in name or "OmsFeed" in name}


async def _to_its_end(watch: Watch) -> None:
    while True:
        await watch.any()


def _big(number: int) -> orders.Order:
    return orders.Order(order_id=f"ord_{number}", sentence="x" * 1000)


def test_messages_are_cut_into_runs_that_fit_in_order_and_none_is_lost() -> None:
    messages = [_big(number) for number in range(10)]
    runs = cut(messages, 3100)
    assert [message for run in runs for message in run] == messages
    assert all(sum(message.ByteSize() for message in run) <= 3100 for run in runs)
    assert cut([], 10) == [[]]
    assert cut(messages[:2], 10) == [[messages[0]], [messages[1]]], "one that is too large stands alone"


async def test_only_the_last_part_of_a_batch_carries_its_token_so_that_a_break_loses_nothing() -> None:
    async def batches() -> Any:
        yield OmsNews(subjects=("a", "b", "c"), resume_token="one", restarted=True)
        yield OmsNews(subjects=("d", "e"), resume_token="two")

    async def read(subjects: Any) -> list[Money]:
        return [Money(currency_code=subject * 1_100_000) for subject in subjects]

    seen = [
        (part.messages[0].currency_code[0], part.resume_token, part.restarted)
        async for part in parts(batches(), "of another feed", read)
    ]
    assert seen == [
        ("a", "", True),
        ("b", "", False),
        ("c", "one", False),
        ("d", "one", False),
        ("e", "two", False),
    ]


@asynccontextmanager
async def process(url: str, clock: VirtualClock, seed: int) -> AsyncIterator[Api]:
    """Run one process of the core on a database file."""
    randomness = SeededRandomness(seed)
    core = await open_core(url, sealing=LocalMasterKey(bytes(32), randomness), clock=clock, randomness=randomness)
    try:
        pipeline = Pipeline(
            core=core,
            clock=clock,
            failpoints=NoFailpoints(),
            telemetry=MemoryTelemetry(),
            readers=Readers(dialect=dialect, decode_rights=decode_rights),
            router=NearestRouter(),
        )
        async with serving(pipeline, seed=seed) as api:
            yield api
    finally:
        await core.close()


async def test_a_watch_is_resumed_across_a_restart_and_begins_anew_on_a_restored_core(tmp_path: Path) -> None:
    url, clock = f"sqlite+aiosqlite:///{tmp_path / 'core.db'}", VirtualClock()
    await asyncio.to_thread(migrate, url)
    async with process(url, clock, 1) as api:
        await api.core.platform.put_tenant(Tenant(tenant=TENANT, name="Acme"))
        await furnish_rival(api.core)
        client = await api.client(RIVAL)
        first = await create(client, "1")
        token = (await watch_orders(api, client).next()).resume_token
        await asyncio.to_thread(backup, url, tmp_path / "backup.db")
    clock.advance(60)
    async with process(url, clock, 2) as api:
        client = await api.client(RIVAL)
        second = await create(client, "2")
        answer = await watch_orders(api, client, token).next()
        assert [order.order_id for order in answer.orders] == [second]
        token = answer.resume_token
    restored = f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}"
    await asyncio.to_thread(restore, tmp_path / "backup.db", restored, SeededRandomness(9))
    async with process(restored, clock, 3) as api:
        client = await api.client(RIVAL)
        answer = await watch_orders(api, client, token).next()
        assert answer.restarted
        assert [order.order_id for order in answer.orders] == [first]
