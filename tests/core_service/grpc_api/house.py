"""A whole core for tests: the real store in memory, every service on both real listeners over TLS on loopback, and callers of every kind.

TLS checks certificates by the machine's clock, so the house's virtual clock starts at the machine's time; `clock.jump` moves only ours.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc

from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SystemRandomness
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.setup import Credential, Scope
from core_service.downlink.feed import FeedParts
from core_service.downlink.numbering import Heads
from core_service.downlink.oms_feed import OmsFeed
from core_service.fleet.certificates import CertificateAuthority
from core_service.fleet.enrolment import Enrolled, Enrolment
from core_service.fleet.join_tokens import Addresses, JoinTokens
from core_service.fleet.roster import Roster
from core_service.grpc_api.admin_service import AdminSeams, AdminService
from core_service.grpc_api.admission import Listener
from core_service.grpc_api.choke_point import ChokePointSeams
from core_service.grpc_api.downlink_service import DownlinkService
from core_service.grpc_api.enrolment_service import EnrolmentService
from core_service.grpc_api.exception_service import ExceptionService
from core_service.grpc_api.fleet_service import FleetService
from core_service.grpc_api.listeners import ListenerParts, ListenerPlan, RunningListener, start_listener
from core_service.grpc_api.order_service import OrderService
from core_service.grpc_api.services import API_NAMES, AgentServicers, ApiServicers, agent_services, api_services
from core_service.grpc_api.stock_service import StockService
from core_service.grpc_api.uplink_service import UplinkService
from core_service.grpc_api.why_service import WhyService
from core_service.intake.admission import OpeningTurns
from core_service.intake.stream_session import OpenSessions, StreamParts
from core_service.parts import pipeline_for, replay_for
from core_service.pipeline.writer import IngestWriter
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.credentials import OF_A_TENANT, create_credential, create_platform_credential
from core_service.setup.desk import Desk
from core_service.setup.shops import StoreDraft, put_store
from core_service.store.unit_of_work import SqlCoreStore
from edge_agent.identity.keys import new_key, signing_request
from tests.core_service.core import empty_core

TENANT = "acme"
RIVAL = "rival"
STORE = "leeds"


@dataclass(kw_only=True)
class House:
    """The running core."""

    core: CoreStore
    clock: VirtualClock
    telemetry: MemoryTelemetry
    authority: CertificateAuthority
    enrolment: Enrolment
    tokens: JoinTokens
    roster: Roster
    agents: RunningListener
    api: RunningListener
    pki: Path

    def desk(self, tenant: str = TENANT) -> Desk:
        """Set-up of a tenant."""
        return Desk(core=self.core, clock=self.clock, randomness=SystemRandomness(), tenant=tenant, actor="a test")

    async def enrolled(self, store: str = STORE, tenant: str = TENANT) -> tuple[Enrolled, bytes]:
        """Let a box join; returns who it is and its key, PEM."""
        made = await self.tokens.create(tenant, store, actor="a test")
        key = new_key()
        secret = secret_of(made.text)
        return await self.enrolment.enrol(secret, signing_request(key)), key

    async def bearer(self, *scopes: Scope, tenant: str = TENANT) -> tuple[Credential, str]:
        """Make a credential with these scopes, all of a tenant's if none is named; no tenant: the platform's."""
        if not tenant:
            seams = (self.clock, SystemRandomness())
            made = await create_platform_credential(self.core, seams, "platform", [Scope.PLATFORM_ADMIN])
        else:
            words = sorted(scopes or OF_A_TENANT)
            made = await create_credential(self.desk(tenant), "a test", words, None)
        return made.credential, made.token

    def agent_channel(self, enrolled: Enrolled, key_pem: bytes) -> grpc.aio.Channel:
        """Connect to the agents' listener by a certificate."""
        credentials = grpc.ssl_channel_credentials(self.authority.bundle_pem, key_pem, enrolled.issued.certificate_pem)
        return grpc.aio.secure_channel(f"localhost:{self.agents.port}", credentials)

    def api_channel(self) -> grpc.aio.Channel:
        """Connect to the API listener."""
        return grpc.aio.secure_channel(
            f"localhost:{self.api.port}", grpc.ssl_channel_credentials(self.authority.bundle_pem)
        )


def secret_of(text: str) -> str:
    """The secret part of a join token."""
    from adapters.canonical.join_token import decode_join_token

    return decode_join_token(text).secret


def pki_directory(folder: Path) -> Path:
    """A fresh place for authorities."""
    shutil.rmtree(folder / "pki", ignore_errors=True)
    return folder / "pki"


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """Start everything, with two tenants that have a store of the same name."""
    clock = VirtualClock(start=datetime.now(UTC))
    async with empty_core(clock, TENANT, RIVAL) as core:
        house = await _started(core, clock, pki_directory(folder))
        try:
            for tenant in (TENANT, RIVAL):
                draft = StoreDraft(store=STORE, name="Leeds", time_zone="Europe/London", currency_code="GBP")
                await put_store(house.desk(tenant), draft)
            yield house
        finally:
            await house.agents.stop()
            await house.api.stop()


async def _started(core: CoreStore, clock: VirtualClock, pki: Path) -> House:
    telemetry, randomness = MemoryTelemetry(), SystemRandomness()
    authority = CertificateAuthority.open(pki, clock, randomness)
    parts = ListenerParts(
        authority=authority,
        platform=core.platform,
        clock=clock,
        seams=ChokePointSeams(clock=clock, randomness=randomness, telemetry=telemetry),
        names=(),
    )
    addresses = Addresses(agents="localhost:1", api="localhost:2")
    enrolment = Enrolment(core=core, authority=authority, clock=clock, agents_address=addresses.agents)
    tokens = JoinTokens(core=core, authority=authority, clock=clock, randomness=randomness, addresses=addresses)
    roster = Roster(core=core, clock=clock)
    servicers = _Servicers(core, clock, telemetry, EnrolmentService(enrolment))
    api = ListenerPlan(
        listener=Listener.API,
        host="127.0.0.1",
        port=0,
        services=api_services(servicers.api(FleetService(tokens, roster))),
        reflection=API_NAMES,
    )
    agents = ListenerPlan(
        listener=Listener.AGENTS, host="127.0.0.1", port=0, services=agent_services(servicers.agents())
    )
    return House(
        core=core,
        clock=clock,
        telemetry=telemetry,
        authority=authority,
        enrolment=enrolment,
        tokens=tokens,
        roster=roster,
        agents=await start_listener(agents, parts),
        api=await start_listener(api, parts),
        pki=pki,
    )


class _Servicers:
    def __init__(
        self, core: CoreStore, clock: VirtualClock, telemetry: MemoryTelemetry, enrolment: EnrolmentService
    ) -> None:
        self._core = core
        self._clock = clock
        self._telemetry = telemetry
        self._enrolment = enrolment
        self._pipeline = pipeline_for(core, clock, NoFailpoints(), telemetry)
        self._feed = FeedParts(core=core, heads=Heads(), clock=clock, failpoints=NoFailpoints())

    def agents(self) -> AgentServicers:
        """What agents call."""
        randomness = SystemRandomness()
        streams = StreamParts(
            core=self._core,
            writer=IngestWriter(self._pipeline, randomness),
            clock=self._clock,
            randomness=randomness,
            telemetry=self._telemetry,
            failpoints=NoFailpoints(),
            turns=OpeningTurns(randomness),
            sessions=OpenSessions(),
        )
        return AgentServicers(
            uplink=UplinkService(streams), downlink=DownlinkService(self._feed), enrolment=self._enrolment
        )

    def api(self, fleet: FleetService) -> ApiServicers:
        """What everybody else calls."""
        oms_feed = OmsFeed(self._feed)
        return ApiServicers(
            admin=AdminService(self._core, AdminSeams(clock=self._clock, randomness=SystemRandomness())),
            enrolment=self._enrolment,
            exceptions=ExceptionService(self._core, replay_for(self._pipeline)),
            fleet=fleet,
            orders=OrderService(self._pipeline, oms_feed),
            stock=StockService(self._pipeline, oms_feed),
            why=WhyService(self._core),
        )


async def contents(core: CoreStore) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, to find effects."""
    from sqlalchemy import select

    from core_service.store.tables import METADATA

    assert isinstance(core, SqlCoreStore)
    found: dict[str, list[tuple[object, ...]]] = {}
    async with core._database.reading() as connection:
        for table in METADATA.sorted_tables:
            rows = (await connection.execute(select(table))).all()
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def changed(identity: Enrolled, **fields: str) -> Enrolled:
    """Return an enrolment that names somebody else, without a certificate that does."""
    return dataclasses.replace(identity, identity=dataclasses.replace(identity.identity, **fields))
