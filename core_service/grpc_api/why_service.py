"""WhyService: a record's id in, its whole lineage out."""

from __future__ import annotations

from typing import Any

import grpc

from core_service.grpc_api import caller, convert
from core_service.orders.why import explain
from core_service.ports.unit_of_work import CoreStore
from tillstream.oms.v1 import why_service_pb2 as wire
from tillstream.oms.v1 import why_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class WhyService(why_service_pb2_grpc.WhyServiceServicer):
    """Explains records."""

    def __init__(self, store: CoreStore) -> None:
        self._store = store

    async def ExplainRecord(self, request: wire.ExplainRecordRequest, context: Context) -> wire.ExplainRecordResponse:
        """Tell a record's story, oldest first."""
        name = convert.required(request.record_id, "record_id")
        async with self._store.read(caller.credential().tenant) as uow:
            told = await explain(uow, name)
        return wire.ExplainRecordResponse(kind=told.kind, steps=map(convert.step_message, told.steps))
