"""DownlinkService on gRPC: a thin shell around `core_service.downlink.feed`; the choke-point has admitted the caller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc

from core_service.downlink.feed import FeedParts, StoreFeed
from core_service.grpc_api import caller, downlink_wire
from tillstream.edge.v1 import downlink_service_pb2, downlink_service_pb2_grpc


class DownlinkService(downlink_service_pb2_grpc.DownlinkServiceServicer):
    """Tells agents what changed for their stores."""

    def __init__(self, parts: FeedParts) -> None:
        self._parts = parts

    async def Watch(
        self, request: downlink_service_pb2.WatchRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[downlink_service_pb2.WatchResponse]:
        """Serve one watch of the calling agent, about its own store only."""
        feed = StoreFeed(self._parts, caller.agent())
        async with aclosing(feed.news(downlink_wire.from_watch_request(request))) as told:
            async for news in told:
                yield downlink_wire.to_watch_response(news)
