"""ExceptionService: the OMS contract's messages in, use cases of `core_service.exceptions` called, exceptions out."""

from __future__ import annotations

from typing import Any

import grpc

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.exceptions.listing import ExceptionQuery, get_exception, list_exceptions
from core_service.exceptions.replay import Replay
from core_service.grpc_api import caller, convert
from core_service.ports.unit_of_work import CoreStore
from tillstream.oms.v1 import exception_service_pb2 as wire
from tillstream.oms.v1 import exception_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class ExceptionService(exception_service_pb2_grpc.ExceptionServiceServicer):
    """Shows and replays exceptions."""

    def __init__(self, store: CoreStore, replay: Replay) -> None:
        self._store = store
        self._replay = replay

    async def ListExceptions(
        self, request: wire.ListExceptionsRequest, context: Context
    ) -> wire.ListExceptionsResponse:
        """List exceptions, oldest first."""
        query = ExceptionQuery(
            reason=convert.text(request.reason, "reason"),
            status=_status(request.status),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        async with self._store.read(caller.credential().tenant) as uow:
            page = await list_exceptions(uow, query)
        return wire.ListExceptionsResponse(
            exceptions=map(convert.exception_message, page.exceptions), next_page_token=page.next_page_token
        )

    async def GetException(self, request: wire.GetExceptionRequest, context: Context) -> wire.GetExceptionResponse:
        """Show one with its masked message."""
        name = convert.required(request.exception_id, "exception_id")
        async with self._store.read(caller.credential().tenant) as uow:
            found, raw = await get_exception(uow, name)
        return wire.GetExceptionResponse(exception=convert.exception_message(found), raw=raw)

    async def ReplayException(
        self, request: wire.ReplayExceptionRequest, context: Context
    ) -> wire.ReplayExceptionResponse:
        """Read it again and book it if it can be."""
        name = convert.required(request.exception_id, "exception_id")
        done = await self._replay.replay(caller.credential().tenant, name)
        return wire.ReplayExceptionResponse(
            exception=convert.exception_message(done.exception), record_id=done.record_id
        )


def _status(value: int) -> ExceptionStatus | None:
    if value == wire.EXCEPTION_STATUS_UNSPECIFIED:
        return None
    try:
        return ExceptionStatus(wire.ExceptionStatus.Name(value).removeprefix("EXCEPTION_STATUS_"))  # type: ignore[arg-type]
    except ValueError as error:
        raise Permanent(Reason.FIELD_INVALID, f"There is no exception status {value}.", path="status") from error
