"""The only wiring of the core: settings and an open store in, every part built and connected out; nothing else constructs across rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import httpx2

from adapters.pos.registry import dialect
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints, KillingFailpoints, NoFailpoints
from adapters.seams.telemetry import NoTelemetry, Telemetry
from adapters.wms.contract import WarehouseSystem
from adapters.wms.registry import warehouse_system
from core_service.dispatch.warehouse import OrderActs
from core_service.domain.exception import ParkedException
from core_service.domain.order import Order
from core_service.domain.setup import Location
from core_service.domain.work import ClaimedWork, WorkKind
from core_service.exceptions.replay import Replay
from core_service.grpc_api.wire import decode_rights
from core_service.orders.dispatching import begin_dispatch
from core_service.orders.warehouse_report import apply_warehouse_report, tell_order
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.normalise import Readers
from core_service.pipeline.route import NearestRouter
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

FAILPOINT = "TILLSTREAM_FAILPOINT"
"""Environment variable that arms a KillingFailpoints, for tests with real processes."""


def failpoints(environment: Mapping[str, str]) -> Failpoints:
    """Return what the environment arms; nothing in production."""
    armed = environment.get(FAILPOINT, "")
    return KillingFailpoints(armed) if armed else NoFailpoints()


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


def replay_for(store: CoreStore, clock: Clock) -> Replay:
    """Return the replay of exceptions on a store, for commands."""
    return Replay(pipeline=pipeline_for(store, clock))


def order_acts() -> OrderActs:
    """Return what dispatch may do to orders."""

    async def tell(uow: UnitOfWork, order_id: str, sentence: str, now: datetime) -> Order | None:
        return await tell_order(uow, order_id, sentence, now, stage="dispatched")

    return OrderActs(begin=begin_dispatch, report=apply_warehouse_report, tell=tell)
