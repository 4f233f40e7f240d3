"""UplinkService on gRPC: a thin shell around `core_service.intake.stream_session`; the choke-point has admitted the caller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc

from core_service.grpc_api import caller, wire
from core_service.intake.stream_session import StreamParts, StreamSession
from tillstream.edge.v1 import uplink_service_pb2, uplink_service_pb2_grpc


class UplinkService(uplink_service_pb2_grpc.UplinkServiceServicer):
    """Takes agents' journals into the core."""

    def __init__(self, parts: StreamParts) -> None:
        self._parts = parts

    async def StreamEntries(
        self,
        request_iterator: AsyncIterator[uplink_service_pb2.StreamEntriesRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[uplink_service_pb2.StreamEntriesResponse]:
        """Serve one stream of the calling agent, whatever store its messages may name."""
        session = StreamSession(self._parts, caller.agent())
        async with (
            aclosing(wire.from_requests(request_iterator)) as requests,
            aclosing(session.answers(requests)) as answers,
        ):
            async for answer in answers:
                yield wire.to_answer(answer)
