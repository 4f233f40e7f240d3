"""The way down over real gRPC, into the real cache: what the core books a store shows, and a sale's way round is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import grpc
import pytest

from adapters.canonical.downlink import WatchFrom
from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.clock import SystemClock
from adapters.seams.deadline import cancelled
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SystemRandomness
from core_service.domain.setup import Sku
from core_service.downlink.feed import FeedOptions, FeedParts
from core_service.downlink.numbering import FeedSeams, Heads, Numbering, NumberingOptions
from core_service.grpc_api.choke_point import ChokePoint, ChokePointSeams
from core_service.grpc_api.downlink_service import DownlinkService
from core_service.ports.work import Change, ChangeKind, store_audience
from edge_agent.cache.store import JournalView, SqliteCache
from edge_agent.channel import CHANNEL_OPTIONS
from edge_agent.journal import movements
from edge_agent.watch.subscriber import Subscriber, WatchOptions, WatchSeams
from edge_agent.watch.wire import GrpcWatchTransport
from tests.core_service.shop import TENANT
from tests.eventually import deadline, eventually
from tests.lane import Lane, open_lane
from tillstream.edge.v1 import downlink_service_pb2_grpc

JOURNAL = JournalView(
    head=movements.head,
    epoch_order=movements.epoch_order,
    moved_after=movements.moved_after,
    taken_transfers=movements.taken_transfers,
)
QUICK = WatchOptions(soon=Backoff(base=0.001, cap=0.02), late=Backoff(base=0.001, cap=0.02))


class Down:
    """A lane with its way down: numbering at work, and the agent's cache."""

    def __init__(self, lane: Lane, cache: SqliteCache, numbering: Numbering, parts: FeedParts) -> None:
        self.lane = lane
        self.cache = cache
        self.numbering = numbering
        self.parts = parts

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[GrpcWatchTransport]:
        seams = ChokePointSeams(clock=SystemClock(), randomness=SystemRandomness(), telemetry=self.lane.telemetry)
        server = grpc.aio.server(interceptors=[ChokePoint(self.lane.let_in, seams)])
        downlink_service_pb2_grpc.add_DownlinkServiceServicer_to_server(DownlinkService(self.parts), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield GrpcWatchTransport(lambda: grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS))
        finally:
            await server.stop(grace=None)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Subscriber]:
        seams = WatchSeams(clock=SystemClock(), randomness=SystemRandomness(), telemetry=self.lane.telemetry)
        async with self.transport() as transport:
            subscriber = Subscriber(self.cache, transport, seams, QUICK)
            running = asyncio.create_task(subscriber.run())
            try:
                yield subscriber
            finally:
                await cancelled(running)

    async def shows(self, sku: str, on_hand: int) -> None:
        async def shown() -> bool:
            levels = await self.cache.levels([sku])
            return sku in levels and levels[sku].on_hand == Decimal(on_hand)

        await eventually(shown, saying=f"{on_hand} of {sku} shown")


@pytest.fixture
async def down(tmp_path: Path) -> AsyncIterator[Down]:
    async with open_lane(tmp_path) as lane:
        heads = Heads()
        clock = SystemClock()
        seams = FeedSeams(clock=clock, telemetry=lane.shop.telemetry)
        numbering = Numbering(lane.shop.core.feed, heads, seams, "this", NumberingOptions(poll_seconds=0.02))
        parts = FeedParts(
            core=lane.shop.core,
            heads=heads,
            clock=clock,
            failpoints=NoFailpoints(),
            options=FeedOptions(heartbeat_seconds=0.1, chunk=50),
        )
        numbers = asyncio.create_task(numbering.run())
        cache = await SqliteCache.open(lane.box.database, clock, JOURNAL)
        try:
            yield Down(lane, cache, numbering, parts)
        finally:
            await cancelled(numbers)


async def test_what_the_core_books_the_store_shows(down: Down) -> None:
    async with down.watching() as subscriber:
        await down.lane.shop.receive("north", "MUG", "10")
        await down.shows("MUG", 10)
        await down.lane.shop.receive("north", "MUG", "5", "again")
        await down.shows("MUG", 15)
        assert subscriber.status().connected
        assert await down.cache.untaken_grants()


async def test_a_sale_lowers_the_level_once_on_its_whole_way_round(down: Down) -> None:
    """At once from the journal; not again when the core has booked it and says so."""
    await down.lane.shop.receive("north", "MUG", "10")
    async with down.watching(), down.lane.by_grpc() as up, down.lane.uplink(up):
        await down.shows("MUG", 10)
        for number in range(1, 5):
            await down.lane.sell(1, first=number)
        await down.shows("MUG", 6)
        await down.lane.all_settled()

        async def told_by_the_core() -> bool:
            level = await down.lane.box.database.read(
                lambda connection: connection.execute(
                    "SELECT count(*) FROM cached_level WHERE sequence = 4"
                ).fetchone()[0]
            )
            return bool(level)

        await eventually(told_by_the_core)
        await down.shows("MUG", 6)


async def test_a_cache_resumes_after_the_core_was_away(down: Down) -> None:
    await down.lane.shop.receive("north", "MUG", "10")
    async with down.watching():
        await down.shows("MUG", 10)
    await down.lane.shop.receive("north", "MUG", "1", "while away")
    async with down.watching():
        await down.shows("MUG", 11)
    assert down.lane.telemetry.counters["watch_snapshots", ()] == 1


async def test_a_large_snapshot_arrives_whole(down: Down) -> None:
    names = [f"S{number:04}" for number in range(333)]
    async with down.lane.shop.core.begin(TENANT) as uow:
        await uow.skus.put([Sku(sku=name, name=name) for name in names])
        audience = store_audience("north")
        await uow.changes.record([Change(audience=audience, kind=ChangeKind.SKU, subject=name) for name in names])
        await uow.commit()
    await down.numbering.round()
    async with down.watching():
        await eventually(lambda: down.cache.complete)
        assert len(await down.cache.resolve(names)) == 333


async def test_signs_of_life_keep_the_age_low(down: Down) -> None:
    async with down.watching() as subscriber:
        await eventually(lambda: down.cache.complete)
        first = subscriber.status().heard_at

        async def heard_again() -> bool:
            heard = subscriber.status().heard_at
            return heard is not None and heard != first

        await eventually(heard_again)
        assert down.cache.age_seconds() < 5


async def test_fault_057_a_revoked_agent_is_told_nothing_any_more(down: Down) -> None:
    down.lane.let_in.refusal = AuthenticationFailed(Reason.AGENT_REVOKED, "Shut out.")
    async with down.watching() as subscriber:
        await eventually(lambda: subscriber.status().reason == Reason.AGENT_REVOKED)
    assert await down.cache.position() == ("", 0)


async def test_the_first_news_come_at_once_even_when_nothing_is_to_be_told(down: Down) -> None:
    async with down.transport() as transport, deadline(5):
        call = await transport.open(WatchFrom(feed_id="", revision=0))
        news = await call.receive()
        await call.close()
    assert news is not None
    assert news.snapshot_begins
    assert news.complete
