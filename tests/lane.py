"""A lane for tests: a real journal on a file at one end, the real core in memory at the other, any transport between them.

    async with open_lane(tmp_path) as lane, lane.by_memory() as line:
        await lane.sell(3)
        async with lane.uplink(line):
            await lane.all_settled()

Clocks of the loops are real, with waits of milliseconds; the core's own clock is virtual.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import grpc

from adapters.canonical.entry import Entry, EntryContent, EntryKind
from adapters.canonical.key import BusinessKey, fingerprint
from adapters.canonical.uplink import OpenStream, SendBatch
from adapters.seams.backoff import Backoff
from adapters.seams.clock import Clock, SystemClock, VirtualClock, to_millis
from adapters.seams.deadline import cancelled
from adapters.seams.failpoint import ArmedFailpoints
from adapters.seams.randomness import SeededRandomness, SystemRandomness
from adapters.seams.telemetry import MemoryTelemetry
from adapters.seams.transport import UplinkTransport
from core_service.domain.fleet import AgentIdentity
from core_service.grpc_api.admission import Admission, Admitted, Listener
from core_service.grpc_api.choke_point import ChokePoint, ChokePointSeams
from core_service.grpc_api.listeners import SERVER_OPTIONS
from core_service.grpc_api.uplink_service import UplinkService
from core_service.intake.admission import OpeningTurns
from core_service.intake.stream_session import OpenSessions, StreamParts, StreamSession
from core_service.pipeline.writer import IngestWriter
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.channel import CHANNEL_OPTIONS
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import InlineExecutor
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import SqliteJournal
from edge_agent.ports import Accepted, Draft, JournalHead, OwnMovement
from edge_agent.uplink.session import UplinkLimits, UplinkSeams
from edge_agent.uplink.stream import Uplink, UplinkOptions
from edge_agent.uplink.wire import GrpcUplinkTransport
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.eventually import eventually
from tests.fakes.memory_line import MemoryLine
from tests.fakes.script_dialect import Line, script
from tillstream.edge.v1 import uplink_service_pb2_grpc

QUICK = UplinkOptions(
    limits=UplinkLimits(agent_version="9.9"),
    soon=Backoff(base=0.001, cap=0.02),
    late=Backoff(base=0.001, cap=0.02),
)
"""Waits that suit a test on the real clock."""


class LetIn(Admission):
    """Admits everybody as one agent, until `refusal` is set."""

    def __init__(self, shop: Shop, identity: AgentIdentity) -> None:
        super().__init__(Listener.AGENTS, shop.core.platform, shop.clock)
        self.identity = identity
        self.refusal: Exception | None = None

    async def admit(self, method: str, context: grpc.aio.ServicerContext) -> Admitted:
        await self._check()
        return Admitted(caller=self.identity, recheck=self._check)

    async def _check(self) -> None:
        if self.refusal is not None:
            raise self.refusal


@dataclass
class Box:
    """An agent's journal on a disk."""

    folder: Path
    clock: Clock
    database: Database
    journal: SqliteJournal

    @classmethod
    async def open(cls, folder: Path, seed: int = 1, clock: Clock | None = None) -> Box:
        """Open the journal in a folder; another `seed` gives other epochs."""
        folder.mkdir(exist_ok=True)
        chosen = clock or VirtualClock()
        options = DatabaseOptions(reserve_bytes=0)
        database = await Database.open(
            folder / "agent.db", InlineExecutor(), chosen, [JOURNAL_SCHEMA, CACHE_SCHEMA], options
        )
        return cls(folder, chosen, database, await SqliteJournal.open(database, chosen, SeededRandomness(seed)))

    async def sell(self, count: int, *, first: int = 1, pad: int = 0) -> list[Accepted]:
        """Journal sales of one mug each, numbered from `first`; `pad` makes each larger by so many bytes."""
        return [await self.journal.append(mug_sale(first + place, pad)) for place in range(count)]

    async def unsettled(self) -> int:
        return (await self.journal.head()).entries_unsettled

    async def close(self) -> None:
        await self.database.close()


def mug_sale(number: int, pad: int = 0) -> Draft:
    """Return the draft of a sale of one mug at till 1 of store north."""
    reference = f"R{number}"
    raw = script("sale", reference, [Line("MUG", "1")], note="x" * pad)
    key = BusinessKey(
        kind="sale",
        source="north/1",
        reference=reference,
        revision=0,
        fingerprint=fingerprint(reference),
        fingerprint_version=1,
    )
    content = EntryContent(
        kind=EntryKind.TILL_DOCUMENT,
        transport="rest",
        dialect="script",
        dialect_version="2",
        till="1",
        raw=raw,
        received_at=VirtualClock().now(),
        receipt_id=f"rcp_{number}",
        key=key,
    )
    return Draft(content=content, movements=(OwnMovement(sku="MUG", quantity=Decimal(-1)),))


class Lane:
    """Both ends of the way up, and what tests do with them."""

    def __init__(self, shop: Shop, box: Box, parts: StreamParts, failpoints: ArmedFailpoints) -> None:
        self.shop = shop
        self.box = box
        self.parts = parts
        self.core_failpoints = failpoints
        self.edge_failpoints = ArmedFailpoints()
        self.telemetry = MemoryTelemetry()
        self.identity = shop.agent("north").identity
        self.let_in = LetIn(shop, self.identity)

    @property
    def journal(self) -> SqliteJournal:
        return self.box.journal

    async def sell(self, count: int, *, first: int = 1, pad: int = 0) -> list[Accepted]:
        return await self.box.sell(count, first=first, pad=pad)

    def session(self) -> StreamSession:
        return StreamSession(self.parts, self.identity)

    @asynccontextmanager
    async def by_memory(self) -> AsyncIterator[MemoryLine]:
        """A line in memory, which can fail at any message."""
        line = MemoryLine(lambda requests: self.session().answers(requests))
        try:
            yield line
        finally:
            await line.close()

    @asynccontextmanager
    async def by_grpc(self) -> AsyncIterator[GrpcUplinkTransport]:
        """The real shells on a loopback port behind the real choke-point."""
        async with self.grpc_target() as target:
            yield GrpcUplinkTransport(lambda: grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS))

    @asynccontextmanager
    async def grpc_target(self) -> AsyncIterator[str]:
        """Serve and return the address."""
        seams = ChokePointSeams(clock=SystemClock(), randomness=SystemRandomness(), telemetry=self.telemetry)
        server = grpc.aio.server(interceptors=[ChokePoint(self.let_in, seams)], options=list(SERVER_OPTIONS.items()))
        uplink_service_pb2_grpc.add_UplinkServiceServicer_to_server(UplinkService(self.parts), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            await server.stop(grace=None)

    def make_uplink(self, transport: UplinkTransport, options: UplinkOptions = QUICK, box: Box | None = None) -> Uplink:
        seams = UplinkSeams(
            clock=SystemClock(),
            randomness=SystemRandomness(),
            telemetry=self.telemetry,
            failpoints=self.edge_failpoints,
        )
        return Uplink((box or self.box).journal, transport, seams, options)

    @asynccontextmanager
    async def uplink(
        self, transport: UplinkTransport, options: UplinkOptions = QUICK, box: Box | None = None
    ) -> AsyncIterator[Uplink]:
        """Run an agent's uplink while the block runs."""
        uplink = self.make_uplink(transport, options, box)
        running = asyncio.create_task(uplink.run())
        try:
            yield uplink
        finally:
            await cancelled(running)

    async def all_settled(self, box: Box | None = None) -> None:
        async def none_left() -> bool:
            return await (box or self.box).unsettled() == 0

        await eventually(none_left, within=45, saying="all entries settled")

    async def mugs_sold(self) -> int:
        return -int((await self.shop.position("north", "MUG")).on_hand)

    async def sound(self, sold: int) -> None:
        """Nothing is lost, nothing applied twice, and the ledger balances."""
        assert await self.mugs_sold() == sold
        await self.shop.sound()

    async def reasons_parked(self) -> list[str]:
        async with self.shop.core.read(TENANT) as uow:
            return [parked.reason for parked in await uow.exceptions.list("", None, None, 100)]

    async def opening(self, head: JournalHead | None = None) -> OpenStream:
        """Return the Open that this box would send."""
        now = head or await self.journal.head()
        return OpenStream(
            epoch=now.epoch,
            next_sequence=now.next_sequence,
            settled_sequence=now.settled_sequence,
            settled_chain=now.settled_chain,
            forked_from=now.forked_from,
            clock_ms=to_millis(self.shop.clock.now()),
        )

    async def entries(self, after: int = 0, count: int = 100) -> tuple[Entry, ...]:
        return (await self.journal.read(after, count, 10**9)).entries

    async def batch(self, after: int = 0, count: int = 100) -> SendBatch:
        return SendBatch(entries=await self.entries(after, count))


@asynccontextmanager
async def open_lane(folder: Path) -> AsyncIterator[Lane]:
    """Open a shop with store north, its agent's box, and the core's writer."""
    async with open_shop() as shop:
        writer = IngestWriter(shop.pipeline, SystemRandomness())
        writing = asyncio.create_task(writer.run())
        failpoints = ArmedFailpoints()
        parts = StreamParts(
            core=shop.core,
            writer=writer,
            clock=shop.clock,
            randomness=SystemRandomness(),
            telemetry=shop.telemetry,
            failpoints=failpoints,
            turns=OpeningTurns(SystemRandomness()),
            sessions=OpenSessions(),
        )
        box = await Box.open(folder / "box")
        try:
            yield Lane(shop, box, parts, failpoints)
        finally:
            await box.close()
            await cancelled(writing)


def once(action: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return an action that does it the first time only."""
    left = [action]

    async def act() -> None:
        if left:
            await left.pop()()

    return act
