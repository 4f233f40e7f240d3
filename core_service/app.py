"""The only wiring of the core: settings, seams and an open store in, every part of the server built and connected out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import httpx2
import uvicorn
from starlette.requests import Request

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.telemetry.metrics import PrometheusTelemetry
from core_service.domain.setup import Scope
from core_service.downlink.feed import FeedParts
from core_service.downlink.numbering import FeedSeams, Heads, Numbering
from core_service.downlink.oms_feed import OmsFeed
from core_service.fleet.certificates import CertificateAuthority
from core_service.fleet.enrolment import Enrolment
from core_service.fleet.join_tokens import JoinTokens
from core_service.fleet.roster import Roster
from core_service.grpc_api.admin_service import AdminSeams, AdminService
from core_service.grpc_api.admission import Listener
from core_service.grpc_api.choke_point import ChokePointSeams
from core_service.grpc_api.downlink_service import DownlinkService
from core_service.grpc_api.enrolment_service import EnrolmentService
from core_service.grpc_api.exception_service import ExceptionService
from core_service.grpc_api.fleet_service import FleetService
from core_service.grpc_api.listeners import ListenerParts, ListenerPlan
from core_service.grpc_api.order_service import OrderService
from core_service.grpc_api.services import API_NAMES, AgentServicers, ApiServicers, agent_services, api_services
from core_service.grpc_api.stock_service import StockService
from core_service.grpc_api.uplink_service import UplinkService
from core_service.grpc_api.why_service import WhyService
from core_service.intake.admission import OpeningTurns
from core_service.intake.stream_session import OpenSessions, StreamParts
from core_service.intake.webhooks import WebhookIntake
from core_service.parts import (
    Seams,
    addresses,
    arrivals,
    parked_work,
    pipeline_for,
    replay_for,
    work_handlers,
)
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.writer import IngestWriter
from core_service.ports.unit_of_work import CoreStore
from core_service.rest_api.application import RestDoors, RestSeams, application
from core_service.rest_api.overview import overview_page
from core_service.settings import Settings
from core_service.setup.sign_in import sign_in
from core_service.work.worker import Worker, WorkerSeams, WorkerSettings

NUMBERING_SILENCE_SECONDS = 10.0
"""Readiness fails when changes have not been numbered for so long."""


class Rooms:
    """Every part, built in the order in which they need each other."""

    def __init__(self, settings: Settings, seams: Seams, store: CoreStore, client: httpx2.AsyncClient) -> None:
        self._settings = settings
        self._seams = seams
        self._store = store
        self.pipeline = pipeline_for(store, seams.clock, seams.failpoints, seams.telemetry)
        self._replay = replay_for(self.pipeline)
        owner = seams.randomness.token(8).hex()
        heads = Heads()
        self.numbering = Numbering(store.feed, heads, FeedSeams(clock=seams.clock, telemetry=seams.telemetry), owner)
        self._feed = FeedParts(core=store, heads=heads, clock=seams.clock, failpoints=seams.failpoints)
        self.writer = IngestWriter(self.pipeline, seams.randomness)
        self.worker = _worker(self.pipeline, client, seams, owner)
        self._authority = CertificateAuthority.open(settings.directory / "pki", seams.clock, seams.randomness)
        self.listener_parts = ListenerParts(
            authority=self._authority,
            platform=store.platform,
            clock=seams.clock,
            seams=ChokePointSeams(clock=seams.clock, randomness=seams.randomness, telemetry=seams.telemetry),
            names=settings.server_names,
        )

    def committed(self) -> None:
        """Look at once: something that others wait for was committed."""
        self.numbering.poke()
        self.worker.wake()

    def plans(self) -> tuple[ListenerPlan, ListenerPlan]:
        """Return the two listeners."""
        enrolment = EnrolmentService(
            Enrolment(
                core=self._store,
                authority=self._authority,
                clock=self._seams.clock,
                agents_address=addresses(self._settings).agents,
            )
        )
        agents, api = self._settings.agents, self._settings.api
        return (
            ListenerPlan(
                listener=Listener.AGENTS,
                host=agents.host,
                port=agents.port,
                services=agent_services(self._agent_servicers(enrolment)),
            ),
            ListenerPlan(
                listener=Listener.API,
                host=api.host,
                port=api.port,
                services=api_services(self._api_servicers(enrolment)),
                reflection=API_NAMES if api.reflection else (),
            ),
        )

    def http_config(self, metrics: PrometheusTelemetry) -> uvicorn.Config:
        """Return the HTTP listener."""
        seams = self._seams
        intake = WebhookIntake(
            store=self._store,
            clock=seams.clock,
            failpoints=seams.failpoints,
            telemetry=seams.telemetry,
            wake=self.committed,
        )

        async def receive(tenant: str, location: str, headers: Mapping[str, str], raw: bytes) -> tuple[str, bool]:
            received = await intake.receive(tenant, location, headers, raw)
            return received.event_id, received.first

        doors = RestDoors(
            receive_webhook=receive, readiness=self._readiness, metrics=metrics.text, overview=self._overview
        )
        app = application(doors, RestSeams(clock=seams.clock, randomness=seams.randomness, telemetry=seams.telemetry))
        rest = self._settings.rest
        return uvicorn.Config(
            app,
            host=rest.host,
            port=rest.port,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=512,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
        )

    def _agent_servicers(self, enrolment: EnrolmentService) -> AgentServicers:
        seams = self._seams
        streams = StreamParts(
            core=self._store,
            writer=self.writer,
            clock=seams.clock,
            randomness=seams.randomness,
            telemetry=seams.telemetry,
            failpoints=seams.failpoints,
            turns=OpeningTurns(seams.randomness),
            sessions=OpenSessions(),
            committed=self.committed,
        )
        return AgentServicers(uplink=UplinkService(streams), downlink=DownlinkService(self._feed), enrolment=enrolment)

    def _api_servicers(self, enrolment: EnrolmentService) -> ApiServicers:
        seams, store = self._seams, self._store
        tokens = JoinTokens(
            core=store,
            authority=self._authority,
            clock=seams.clock,
            randomness=seams.randomness,
            addresses=addresses(self._settings),
        )
        admin = AdminSeams(clock=seams.clock, randomness=seams.randomness, arrived=arrivals(self.pipeline))
        oms_feed = OmsFeed(self._feed)
        return ApiServicers(
            admin=AdminService(store, admin),
            enrolment=enrolment,
            exceptions=ExceptionService(store, self._replay),
            fleet=FleetService(tokens, Roster(core=store, clock=seams.clock)),
            orders=OrderService(self.pipeline, oms_feed),
            stock=StockService(self.pipeline, oms_feed),
            why=WhyService(store),
        )

    async def _readiness(self) -> dict[str, str]:
        await self._store.platform.tenants("", 1)
        silence = self.numbering.seconds_since_round
        numbered = silence is not None and silence < NUMBERING_SILENCE_SECONDS
        return {
            "database": "ok",
            "feed": "ok" if numbered else "Changes are not being numbered; look into the log for feed failures.",
        }

    async def _overview(self, request: Request) -> str:
        host = request.client.host if request.client else ""
        if self._settings.rest.overview_from_loopback and _is_loopback(host):
            return await overview_page(self._store, self._seams.clock.now())
        credential = await sign_in(self._store.platform, request.headers.get("authorization"))
        if Scope.ORDERS_READ not in credential.scopes:
            sentence = "This credential has not got the scope orders:read; make one that has."
            raise AuthenticationFailed(Reason.SCOPE_MISSING, sentence)
        return await overview_page(self._store, self._seams.clock.now(), credential.tenant)


def _worker(pipeline: Pipeline, client: httpx2.AsyncClient, seams: Seams, owner: str) -> Worker:
    return Worker(
        claims=pipeline.core.work_claims,
        handlers=work_handlers(pipeline, client),
        parked=parked_work(pipeline.core, seams.clock),
        seams=WorkerSeams(
            clock=seams.clock,
            randomness=seams.randomness,
            failpoints=seams.failpoints,
            telemetry=seams.telemetry,
        ),
        owner=owner,
        settings=WorkerSettings(poll_seconds=0.25),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
