"""Parts that the server and single commands share: an open store in, pipeline, replay, work handlers and their wiring out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import httpx2

from adapters.canonical.key import derived_id
from adapters.errors import Permanent
from adapters.pos.registry import dialect
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints, KillingFailpoints, NoFailpoints
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import NoTelemetry, Telemetry
from adapters.wms.generic_rest.codec import read_event
from adapters.wms.registry import warehouse_system
from core_service.dispatch.checking import ShipmentCheck
from core_service.dispatch.egress import CheckedTransport, Egress
from core_service.dispatch.warehouse import OrderActs, WarehouseDispatch
from core_service.domain.exception import ParkedException
from core_service.domain.order import LineageStep, Order
from core_service.domain.work import ClaimedWork, NewWork, WorkKind
from core_service.exceptions.replay import Replay, replay_matching
from core_service.fleet.join_tokens import Addresses
from core_service.grpc_api.wire import decode_rights
from core_service.orders.dispatching import begin_dispatch
from core_service.orders.warehouse_report import apply_warehouse_report, tell_order
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.normalise import Readers
from core_service.pipeline.park import owner
from core_service.pipeline.rerouting import route_waiting
from core_service.pipeline.route import NearestRouter
from core_service.ports.unit_of_work import CoreStore, UnitOfWork
from core_service.settings import ListenerSettings, Settings
from core_service.setup.desk import Arrival
from core_service.setup.tills import tell_till
from core_service.work.worker import Handler, ParkedWork

CALL_SECONDS = 10.0
"""Deadline of every call to a warehouse system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What is injected everywhere."""

    clock: Clock
    randomness: Randomness
    failpoints: Failpoints
    telemetry: Telemetry


def failpoints(settings: Settings) -> Failpoints:
    """Return what the settings arm, for tests with real processes; nothing in production."""
    return KillingFailpoints(settings.failpoint) if settings.failpoint else NoFailpoints()


def addresses(settings: Settings) -> Addresses:
    """Return the listeners' addresses as agents reach them."""
    return Addresses(agents=_advertised(settings.agents), api=_advertised(settings.api))


def pipeline_for(
    store: CoreStore, clock: Clock, places: Failpoints | None = None, telemetry: Telemetry | None = None
) -> Pipeline:
    """Return the pipeline on a store, for the server and for commands alike."""
    return Pipeline(
        core=store,
        clock=clock,
        failpoints=places or NoFailpoints(),
        telemetry=telemetry or NoTelemetry(),
        readers=Readers(dialect=dialect, decode_rights=decode_rights),
        router=NearestRouter(),
    )


def arrivals(pipeline: Pipeline) -> Arrival:
    """Return what set-up calls when something arrives that parked messages wait for."""

    async def arrived(uow: UnitOfWork, reason: Reason, source: str) -> int:
        return await replay_matching(uow, pipeline, reason, source)

    return arrived


def replay_for(pipeline: Pipeline) -> Replay:
    """Return the replay of exceptions: entries by the pipeline, parked work by making it due again."""

    async def again(uow: UnitOfWork, exception: ParkedException) -> str:
        work = NewWork(
            work_id=derived_id("wrk", uow.tenant, "again", exception.exception_id),
            kind=WorkKind(exception.source.partition("/")[2]),
            subject=exception.reference,
            destination=exception.dialect or "core",
            due_at=pipeline.clock.now(),
        )
        await uow.work.again(work)
        return exception.record_id

    return Replay(pipeline=pipeline, others={"work": again})


def order_acts() -> OrderActs:
    """Return what dispatch may do to orders."""

    async def tell(uow: UnitOfWork, order_id: str, sentence: str, now: datetime) -> Order | None:
        return await tell_order(uow, order_id, sentence, now, stage="dispatched")

    return OrderActs(begin=begin_dispatch, report=apply_warehouse_report, tell=tell)


def warehouse_client(settings: Settings) -> httpx2.AsyncClient:
    """Return the HTTP client for calls to warehouse systems: guarded, with a deadline, without redirects."""
    egress = Egress(settings.egress.allowed_networks)
    transport = CheckedTransport(egress, httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=64)))
    return httpx2.AsyncClient(transport=transport, timeout=CALL_SECONDS, follow_redirects=False)


def work_handlers(pipeline: Pipeline, client: httpx2.AsyncClient) -> dict[WorkKind, Handler]:
    """Return what does each kind of due work."""
    store = pipeline.core
    dispatch = WarehouseDispatch(
        store=store,
        clock=pipeline.clock,
        failpoints=pipeline.failpoints,
        system=lambda location: warehouse_system(client, location.wms_url, location.wms_secret),
        read_event=read_event,
        orders=order_acts(),
    )
    check = ShipmentCheck(store=store, clock=pipeline.clock, system=dispatch.system, report=apply_warehouse_report)
    replay = replay_for(pipeline)

    async def route_order(work: ClaimedWork) -> None:
        async with store.begin(work.tenant) as uow:
            await route_waiting(uow, work.subject, pipeline.router, pipeline.clock.now())
            await uow.commit()

    async def replay_exception(work: ClaimedWork) -> None:
        await replay.replay(work.tenant, work.subject)

    async def tell_about_till(work: ClaimedWork) -> None:
        await tell_till(store, work)

    return {
        WorkKind.DISPATCH_ORDER: dispatch.dispatch,
        WorkKind.CANCEL_DISPATCH: dispatch.cancel,
        WorkKind.WMS_EVENT: dispatch.take_event,
        WorkKind.CHECK_SHIPMENT: check.check,
        WorkKind.ROUTE_ORDER: route_order,
        WorkKind.REPLAY_EXCEPTION: replay_exception,
        WorkKind.TELL_TILL: tell_about_till,
    }


def parked_work(store: CoreStore, clock: Clock) -> ParkedWork:
    """Return what makes an exception of work that was given up; a replay makes the work due again."""

    async def park(work: ClaimedWork, reason: Reason, sentence: str) -> None:
        now = clock.now()
        exception = ParkedException(
            exception_id=derived_id("exc", work.tenant, "work", work.work_id, work.fence),
            reason=reason,
            sentence=sentence,
            owner=owner(reason),
            source=f"work/{work.kind}",
            reference=work.subject,
            dialect=work.destination,
            record_id=work.subject,
            created_at=now,
        )
        step = LineageStep(
            record_id=work.subject, at=now, stage="parked", sentence=sentence, details={"reason": reason}
        )
        async with store.begin(work.tenant) as uow:
            await uow.exceptions.add([exception])
            await uow.lineage.add([step])
            await uow.commit()

    return park


def _advertised(listener: ListenerSettings) -> str:
    if not listener.advertise and listener.port == 0:
        sentence = "Give the listener a port, or say in `advertise` how agents reach it."
        raise Permanent(Reason.SETTINGS_INVALID, sentence)
    return listener.advertise or f"{listener.host}:{listener.port}"
