"""A chain of shops for tests: the real store in memory with stores, tills, SKUs and warehouses, and agents that journal and send.

`async with open_shop() as shop: await shop.send(shop.agent("north").journal(script("sale", "1", [Line("MUG", "2")])))`
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import time
from decimal import Decimal

from adapters.canonical.chain import genesis, link
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.rights import Position
from adapters.errors import Permanent, TillstreamError
from adapters.pos.contract import PosDialect, TillContext
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import ArmedFailpoints
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.fleet import Agent, AgentIdentity
from core_service.domain.order import Order
from core_service.domain.setup import Credential, Location, LocationKind, Scope, Sku, Store, Till
from core_service.domain.work import WorkKind
from core_service.exceptions.replay import Replay, Replayed
from core_service.pipeline.ingest import IncomingBatch, Pipeline, Settlement, ingest
from core_service.pipeline.normalise import Readers, RightsMessage
from core_service.pipeline.rerouting import route_waiting
from core_service.pipeline.route import NearestRouter
from core_service.ports.ingest import StreamPosition
from core_service.ports.orders import OrderFilter
from core_service.ports.unit_of_work import CoreStore
from core_service.stock.moving import StockItem, StockRequest, receive_stock
from tests.core_service.core import empty_core
from tests.fakes.script_dialect import ScriptDialect

TENANT = "acme"
SKUS = ("BOWL", "CUP", "MUG")
OMS = Credential(
    credential="crd_oms",
    tenant=TENANT,
    name="OMS",
    scopes=frozenset(Scope),
    secret_hash=bytes(32),
    created_at=VirtualClock().now(),
)


def decode_rights(kind: EntryKind, raw: bytes) -> RightsMessage:  # noqa: ARG001 - the shape of every rights decoder
    """Read `transfer[ sku quantity]`."""
    transfer, *rest = raw.decode().split(" ")
    return (
        RightsMessage(transfer_id=transfer, sku=rest[0], quantity=Decimal(rest[1]))
        if rest
        else RightsMessage(transfer_id=transfer)
    )


@dataclass(slots=True)
class FakeAgent:
    """An agent's journal: chained entries, and how far the core has settled them."""

    identity: AgentIdentity
    epoch: bytes
    session: bytes
    entries: list[Entry] = field(default_factory=list)
    settled: int = 0

    def journal(self, *messages: bytes, kind: EntryKind = EntryKind.TILL_DOCUMENT, **content: object) -> FakeAgent:
        """Append messages."""
        for raw in messages:
            sequence = len(self.entries) + 1
            base = EntryContent(
                kind=kind,
                transport="rest",
                dialect="script",
                dialect_version="2",
                till="1",
                raw=raw,
                received_at=VirtualClock().now(),
                receipt_id=f"rcp_{self.identity.agent}_{self.epoch[0]}_{sequence}",
                key=self._key(raw) if kind is EntryKind.TILL_DOCUMENT else None,
            )
            entry_content = replace(base, **content)  # type: ignore[arg-type] # tests name fields of EntryContent
            chain = link(self.chain_at(sequence - 1), sequence, entry_content)
            self.entries.append(
                Entry(id=EntryId(epoch=self.epoch, sequence=sequence), content=entry_content, chain=chain)
            )
        return self

    def _key(self, raw: bytes) -> BusinessKey | None:
        context = TillContext(store=self.identity.store, till="1", currency="GBP", received_at=VirtualClock().now())
        try:
            return ScriptDialect().read(raw, context).key
        except (Permanent, RuntimeError, ValueError, LookupError):
            return None

    def chain_at(self, sequence: int) -> bytes:
        """Return the chain hash at a sequence."""
        return self.entries[sequence - 1].chain if sequence else genesis(self.epoch)

    def position(self, sequence: int) -> StreamPosition:
        """Return a position of this journal."""
        return StreamPosition(watermark=sequence, chain=self.chain_at(sequence))

    def batch(self, through: int | None = None) -> IncomingBatch:
        """Return what is not settled, through a sequence."""
        return IncomingBatch(
            identity=self.identity,
            session=self.session,
            epoch=self.epoch,
            expected=self.position(self.settled),
            entries=tuple(self.entries[self.settled : through]),
        )


@dataclass(slots=True)
class Shop:
    """The core with its parts, and what tests do to it."""

    core: CoreStore
    clock: VirtualClock
    pipeline: Pipeline
    failpoints: ArmedFailpoints
    telemetry: MemoryTelemetry
    agents: dict[str, FakeAgent] = field(default_factory=dict)

    def agent(self, store: str) -> FakeAgent:
        """Return a store's agent."""
        return self.agents[store]

    async def enrol(self, store: str, number: int = 1) -> FakeAgent:
        """Enrol an agent of a store and open its stream in a new epoch."""
        name = f"agt_{store}_{number}"
        identity = AgentIdentity(tenant=TENANT, store=store, agent=name)
        agent = FakeAgent(identity=identity, epoch=bytes([number]) * 16, session=f"session {name}".encode())
        async with self.core.begin(TENANT) as uow:
            now = self.clock.now()
            await uow.fleet.put_agent(
                Agent(agent=name, store=store, enrolled_at=now, serial="01", certificate_expires_at=now)
            )
            await uow.streams.open(name, agent.epoch, agent.session)
            await uow.commit()
        self.agents[store] = agent
        return agent

    async def send(self, agent: FakeAgent, through: int | None = None) -> tuple[Verdict, ...]:
        """Send what is not settled and return its verdicts; raises what the core refused with."""
        [answer] = await ingest(self.pipeline, TENANT, [agent.batch(through)])
        if isinstance(answer, TillstreamError):
            raise answer
        return settle(agent, answer)

    async def receive(self, location: str, sku: str, quantity: str, request_id: str = "") -> None:
        """Book goods from a supplier."""
        request = StockRequest(
            request_id=request_id or f"{location} {sku} {quantity}",
            items=(StockItem(name=sku, quantity=Decimal(quantity)),),
            to_location=location,
        )
        await receive_stock(self.pipeline, OMS, request, lambda _: b"")

    async def position(self, location: str, sku: str) -> Position:
        """Return a position."""
        async with self.core.read(TENANT) as uow:
            return (await uow.stock.positions([(location, sku)])).get((location, sku), Position())

    async def orders(self) -> list[Order]:
        """Return all orders, newest first."""
        async with self.core.read(TENANT) as uow:
            return await uow.orders.list(OrderFilter(), None, 1000)

    async def replay(self, exception_id: str) -> Replayed:
        """Replay an exception."""
        return await Replay(pipeline=self.pipeline).replay(TENANT, exception_id)

    async def drain(self) -> int:
        """Do the work that calls nobody outside until there is none left; return how many pieces there were."""
        done = 0
        while claimed := await self.core.work_claims.claim(
            "test", self.clock.now(), 60, 10, [(TENANT, "wms/wh-east"), (TENANT, "wms/north")]
        ):
            for work in claimed:
                if work.kind is WorkKind.REPLAY_EXCEPTION:
                    await self.replay(work.subject)
                elif work.kind is WorkKind.ROUTE_ORDER:
                    async with self.core.begin(TENANT) as uow:
                        await route_waiting(uow, work.subject, self.pipeline.router, self.clock.now())
                        await uow.commit()
                await self.core.work_claims.complete(work, self.clock.now())
                done += 1
        return done

    async def put_sku(self, sku: str) -> None:
        """Add a SKU."""
        async with self.core.begin(TENANT) as uow:
            await uow.skus.put([Sku(sku=sku, name=sku.title())])
            await uow.commit()

    async def sound(self) -> None:
        """Check that levels are the sums of their movements and all positions balance."""
        async with self.core.read(TENANT) as uow:
            assert await uow.stock.verify() == []
            for level in await uow.stock.levels([], [], None, 10_000):
                assert level.position.balanced(), level


def settle(agent: FakeAgent, answer: Settlement | TillstreamError) -> tuple[Verdict, ...]:
    """Take an answer over into the agent's journal and return its verdicts."""
    assert isinstance(answer, Settlement), answer
    agent.settled = answer.through
    return answer.verdicts


@asynccontextmanager
async def open_shop(*stores: str) -> AsyncIterator[Shop]:
    """Open a chain with the stores (`north` if none is named), each with till 1, three SKUs and the warehouse `wh-east`."""
    clock = VirtualClock()
    async with empty_core(clock, TENANT) as core:
        failpoints, telemetry = ArmedFailpoints(), MemoryTelemetry()
        pipeline = Pipeline(
            core=core,
            clock=clock,
            failpoints=failpoints,
            telemetry=telemetry,
            readers=Readers(dialect=_dialect, decode_rights=decode_rights),
            router=NearestRouter(),
        )
        shop = Shop(core, clock, pipeline, failpoints, telemetry)
        await furnish(core, stores or ("north",))
        for store in stores or ("north",):
            await shop.enrol(store)
        yield shop


def _dialect(name: str) -> PosDialect:
    if name != "script":
        raise Permanent(Reason.DIALECT_UNKNOWN, f"No dialect is called {name!r}.")
    return ScriptDialect()


async def furnish(core: CoreStore, stores: Sequence[str]) -> None:
    """Set up the chain: stores with their tills, SKUs and the warehouse."""
    async with core.begin(TENANT) as uow:
        for store in stores:
            await uow.stores.put(
                Store(
                    store=store, name=store.title(), time_zone="Europe/London", closing_time=time(0, 0), currency="GBP"
                )
            )
            await uow.locations.put(
                Location(location=store, name=store.title(), kind=LocationKind.STORE, country_code="GB")
            )
            await uow.tills.put(Till(store=store, till="1", dialect="script"))
        await uow.locations.put(
            Location(
                location="wh-east",
                name="East",
                kind=LocationKind.WAREHOUSE,
                country_code="GB",
                wms_url="http://127.0.0.1:9",
                wms_secret="s",
            )
        )
        await uow.skus.put([Sku(sku=sku, name=sku.title()) for sku in SKUS])
        await uow.commit()
