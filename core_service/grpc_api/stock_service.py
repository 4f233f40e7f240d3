"""StockService: the OMS contract's messages in, use cases of `core_service.stock` called, levels out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import grpc

from core_service.downlink.oms_feed import OmsFeed
from core_service.grpc_api import caller, convert
from core_service.grpc_api.watching import parts
from core_service.pipeline.ingest import Pipeline
from core_service.ports.stock import Level
from core_service.ports.work import ChangeKind
from core_service.stock.listing import LevelQuery, list_levels
from core_service.stock.moving import StockItem, StockRequest, adjust_stock, receive_stock, transfer_stock
from tillstream.oms.v1 import stock_service_pb2 as wire
from tillstream.oms.v1 import stock_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class StockService(stock_service_pb2_grpc.StockServiceServicer):
    """Shows, moves and watches stock."""

    def __init__(self, pipeline: Pipeline, feed: OmsFeed) -> None:
        self._pipeline = pipeline
        self._feed = feed

    async def BatchGetStockLevels(
        self, request: wire.BatchGetStockLevelsRequest, context: Context
    ) -> wire.BatchGetStockLevelsResponse:
        """Show levels by location and SKU."""
        query = LevelQuery(
            locations=tuple(
                convert.required(name, f"locations[{place}]") for place, name in enumerate(request.locations)
            ),
            skus=tuple(convert.required(name, f"skus[{place}]") for place, name in enumerate(request.skus)),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        async with self._pipeline.core.read(caller.credential().tenant) as uow:
            page = await list_levels(uow, query)
        return wire.BatchGetStockLevelsResponse(
            levels=map(convert.level_message, page.levels), next_page_token=page.next_page_token
        )

    async def AdjustStock(self, request: wire.AdjustStockRequest, context: Context) -> wire.AdjustStockResponse:
        """Set right what a count found."""
        wanted = StockRequest(
            request_id=convert.request_id(request.request_id),
            items=_items(request.items),
            to_location=convert.required(request.location, "location"),
            note=convert.text(request.note, "note", convert.LONGEST_NOTE),
        )
        answer = await adjust_stock(self._pipeline, caller.credential(), wanted, _encode_adjusted)
        return wire.AdjustStockResponse.FromString(answer)

    async def ReceiveStock(self, request: wire.ReceiveStockRequest, context: Context) -> wire.ReceiveStockResponse:
        """Book goods that arrived."""
        wanted = StockRequest(
            request_id=convert.request_id(request.request_id),
            items=_items(request.items),
            to_location=convert.required(request.location, "location"),
            note=convert.text(request.reference, "reference"),
        )
        answer = await receive_stock(self._pipeline, caller.credential(), wanted, _encode_received)
        return wire.ReceiveStockResponse.FromString(answer)

    async def TransferStock(self, request: wire.TransferStockRequest, context: Context) -> wire.TransferStockResponse:
        """Book goods moved from one location to another."""
        wanted = StockRequest(
            request_id=convert.request_id(request.request_id),
            items=_items(request.items),
            from_location=convert.required(request.from_location, "from_location"),
            to_location=convert.required(request.to_location, "to_location"),
        )
        answer = await transfer_stock(self._pipeline, caller.credential(), wanted, _encode_transferred)
        return wire.TransferStockResponse.FromString(answer)

    async def WatchStock(
        self, request: wire.WatchStockRequest, context: Context
    ) -> AsyncIterator[wire.WatchStockResponse]:
        """Send every level as it changes."""
        tenant = caller.credential().tenant

        async def read(subjects: Sequence[str]) -> list[wire.StockLevel]:
            return [convert.level_message(level) for level in await self._levels(tenant, subjects)]

        news = self._feed.watch(tenant, ChangeKind.STOCK, request.resume_token)
        async for part in parts(news, request.resume_token, read):
            yield wire.WatchStockResponse(
                levels=part.messages, resume_token=part.resume_token, restarted=part.restarted
            )

    async def _levels(self, tenant: str, subjects: Sequence[str]) -> list[Level]:
        """Return the levels of `<location>/<sku>`, in that order: one look-up a location, for all its SKUs at once."""
        wanted: dict[str, list[str]] = {}
        for subject in subjects:
            location, _, sku = subject.partition("/")
            wanted.setdefault(location, []).append(sku)
        found: dict[str, Level] = {}
        async with self._pipeline.core.read(tenant) as uow:
            for location, skus in wanted.items():
                for level in await uow.stock.levels([location], skus, None, len(skus)):
                    found[f"{level.location}/{level.sku}"] = level
        return [found[subject] for subject in subjects if subject in found]


def _items(items: Iterable[wire.StockItem]) -> tuple[StockItem, ...]:
    return tuple(
        StockItem(
            name=convert.required(item.sku, f"items[{place}].sku"),
            quantity=convert.quantity(item.quantity, f"items[{place}].quantity"),
        )
        for place, item in enumerate(items)
    )


def _encode_adjusted(levels: Sequence[Level]) -> bytes:
    return wire.AdjustStockResponse(levels=map(convert.level_message, levels)).SerializeToString(deterministic=True)


def _encode_received(levels: Sequence[Level]) -> bytes:
    return wire.ReceiveStockResponse(levels=map(convert.level_message, levels)).SerializeToString(deterministic=True)


def _encode_transferred(levels: Sequence[Level]) -> bytes:
    return wire.TransferStockResponse(levels=map(convert.level_message, levels)).SerializeToString(deterministic=True)
