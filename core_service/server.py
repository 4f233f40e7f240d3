"""The running core: settings in, both gRPC listeners, HTTP and the background tasks out; started, watched and stopped in order.

    start: store -> writer, numbering, worker -> listeners -> HTTP (ready)
    stop:  listeners (streams end, agents keep what is not settled) -> HTTP -> worker -> writer -> numbering -> store

A background task that ends by itself ends the process with an error: whoever keeps it running starts it anew from what is durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field

import httpx2
import structlog
import uvicorn
from starlette.requests import Request

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from core_service.app import (
    Seams,
    addresses,
    arrivals,
    parked_work,
    pipeline_for,
    replay_for,
    warehouse_client,
    work_handlers,
)
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
from core_service.grpc_api.listeners import ListenerParts, ListenerPlan, RunningListener, start_listener
from core_service.grpc_api.order_service import OrderService
from core_service.grpc_api.services import API_NAMES, AgentServicers, ApiServicers, agent_services, api_services
from core_service.grpc_api.stock_service import StockService
from core_service.grpc_api.uplink_service import UplinkService
from core_service.grpc_api.why_service import WhyService
from core_service.intake.admission import OpeningTurns
from core_service.intake.stream_session import OpenSessions, StreamParts
from core_service.intake.webhooks import WebhookIntake
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.writer import IngestWriter
from core_service.ports.unit_of_work import CoreStore
from core_service.rest_api.application import RestDoors, RestSeams, application
from core_service.rest_api.overview import overview_page
from core_service.sealing.master_key import load_master_key
from core_service.settings import Settings
from core_service.setup.sign_in import sign_in
from core_service.store import open_core
from core_service.telemetry.metrics import PrometheusTelemetry
from core_service.work.worker import Worker, WorkerSeams, WorkerSettings

log = structlog.get_logger(__name__)

NUMBERING_SILENCE_SECONDS = 10.0
"""Readiness fails when changes have not been numbered for so long."""


@dataclass(kw_only=True)
class Server:
    """A core in one process. `run` is its whole life; `stop` may be called from a signal."""

    settings: Settings
    seams: Seams
    metrics: PrometheusTelemetry
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Begin to stop in order."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until `stop`; raise Permanent when something cannot be opened, RuntimeError when a background task ends."""
        key = load_master_key(self.settings.directory / "master.key", self.seams.randomness)
        store = await open_core(
            self.settings.database, sealing=key, clock=self.seams.clock, randomness=self.seams.randomness
        )
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(store.close)
            client = await stack.enter_async_context(warehouse_client(self.settings))
            rooms = _Rooms(self.settings, self.seams, store, client)
            tasks = _Tasks()
            stack.push_async_callback(tasks.cancel)
            tasks.keep("numbering", rooms.numbering.run())
            tasks.keep("writer", rooms.writer.run())
            tasks.keep("worker", rooms.worker.run())
            for plan in rooms.plans():
                running = await start_listener(plan, rooms.listener_parts)
                stack.push_async_callback(_stop_listener, running)
                log.info("listening", listener=plan.listener, port=running.port)
            http = _QuietServer(rooms.http_config(self.metrics))
            serving = asyncio.create_task(http.serve(), name="http")
            stack.push_async_callback(_stop_http, http, serving)
            await tasks.until(self._stopping, serving)
            log.info("stopping")


class _Rooms:
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


class _Tasks:
    """Background tasks that live as long as the process."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Start one."""
        self._tasks.append(asyncio.create_task(work, name=name))

    async def until(self, stopping: asyncio.Event, serving: asyncio.Task[None]) -> None:
        """Return when it is time to stop; raise when a task ended by itself."""
        waiting = asyncio.create_task(stopping.wait())
        try:
            done, _ = await asyncio.wait({waiting, serving, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        for task in done - {waiting}:
            task.result()
            message = f"the {task.get_name()} task has ended by itself"
            raise RuntimeError(message)

    async def cancel(self) -> None:
        """Cancel the last started first, each to its end."""
        for task in reversed(self._tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class _QuietServer(uvicorn.Server):
    """Leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


async def _stop_listener(running: RunningListener) -> None:
    await running.stop()


async def _stop_http(http: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    http.should_exit = True
    await asyncio.gather(serving, return_exceptions=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(settings: Settings, seams: Seams, metrics: PrometheusTelemetry) -> None:
    """Run a server until SIGTERM or SIGINT; a second one ends it at once."""
    server = Server(settings=settings, seams=seams, metrics=metrics)
    loop = asyncio.get_running_loop()
    running = asyncio.current_task()

    def on_signal() -> None:
        if server.stopping and running is not None:
            running.cancel()
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        await server.run()
    except OSError as error:
        sentence = f"An address cannot be taken ({error.strerror}); free it, or set another port."
        raise Permanent(Reason.SETTINGS_INVALID, sentence) from error
