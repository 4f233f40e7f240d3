"""The OMS's side of the API for tests: a pipeline in, its services behind the choke-point on a loopback port out, with clients that sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from adapters.seams.clock import Clock, SystemClock
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SeededRandomness, SystemRandomness
from core_service.domain.setup import Credential, Location, LocationKind, Scope, Sku, Tenant
from core_service.downlink.feed import FeedParts
from core_service.downlink.numbering import FeedSeams, Heads, Numbering
from core_service.downlink.oms_feed import OmsFeed
from core_service.exceptions.replay import Replay
from core_service.fleet.certificates import CertificateAuthority
from core_service.grpc_api.admission import Listener
from core_service.grpc_api.choke_point import ChokePointSeams
from core_service.grpc_api.exception_service import ExceptionService
from core_service.grpc_api.listeners import ListenerParts, ListenerPlan, RunningListener, start_listener
from core_service.grpc_api.order_service import OrderService
from core_service.grpc_api.stock_service import StockService
from core_service.grpc_api.why_service import WhyService
from core_service.pipeline.ingest import Pipeline
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.sign_in import bearer_token, new_credential_id, new_secret, secret_hash
from tests.core_service.shop import OMS, TENANT, Shop, open_shop
from tillstream.oms.v1 import (
    address_pb2,
    exception_service_pb2_grpc,
    order_service_pb2,
    order_service_pb2_grpc,
    stock_service_pb2_grpc,
    why_service_pb2_grpc,
)
from tillstream.oms.v1.exception_service_pb2_grpc import add_ExceptionServiceServicer_to_server as add_exceptions
from tillstream.oms.v1.order_service_pb2_grpc import add_OrderServiceServicer_to_server as add_orders
from tillstream.oms.v1.stock_service_pb2_grpc import add_StockServiceServicer_to_server as add_stock
from tillstream.oms.v1.why_service_pb2_grpc import add_WhyServiceServicer_to_server as add_why

SECONDS = 20.0
RIVAL = "rival"
GTIN = "4006381333931"
LEEDS = address_pb2.Address(name="Ada", lines=["12 Park Row"], city="Leeds", country_code="GB", postal_code="LS1 5HD")


@dataclass(slots=True)
class Client:
    """An OMS that has signed in; `credential` is what it signed in with."""

    credential: Credential
    token: str
    channel: grpc.aio.Channel

    @property
    def orders(self) -> Any:
        """OrderService."""
        return order_service_pb2_grpc.OrderServiceStub(self.channel)

    @property
    def stock(self) -> Any:
        """StockService."""
        return stock_service_pb2_grpc.StockServiceStub(self.channel)

    @property
    def exceptions(self) -> Any:
        """ExceptionService."""
        return exception_service_pb2_grpc.ExceptionServiceStub(self.channel)

    @property
    def why(self) -> Any:
        """WhyService."""
        return why_service_pb2_grpc.WhyServiceStub(self.channel)

    async def ask(self, method: Callable[..., Awaitable[Any]], request: Message) -> Any:
        """Call a unary method."""
        return await method(request, metadata=self._metadata(), timeout=SECONDS)

    def watch(self, method: Callable[..., Any], request: Message) -> Any:
        """Open a stream; `read()` its answers, `cancel()` it."""
        return method(request, metadata=self._metadata(), timeout=SECONDS)

    async def refusal(self, method: Callable[..., Awaitable[Any]], request: Message) -> tuple[str, str, str]:
        """Call a unary method that is refused and return (code, reason, path)."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.ask(method, request)
        return told(caught.value)

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)


@dataclass(slots=True)
class Api:
    """A served API."""

    core: CoreStore
    numbering: Numbering
    listener: RunningListener
    authority_pem: bytes
    channel: grpc.aio.Channel
    randomness: SeededRandomness

    async def client(self, tenant: str = TENANT, *scopes: Scope) -> Client:
        """Make a credential of a tenant, with every scope of a tenant if none is named, and return its client."""
        credential, secret = new_credential_id(self.randomness), new_secret(self.randomness)
        record = Credential(
            credential=credential,
            tenant=tenant,
            name=f"OMS of {tenant}",
            scopes=frozenset(scopes) or frozenset(Scope) - {Scope.PLATFORM_ADMIN},
            secret_hash=secret_hash(secret),
            created_at=OMS.created_at,
        )
        async with self.core.begin(tenant) as uow:
            await uow.credentials.add(record)
            await uow.commit()
        return Client(record, bearer_token(credential, secret), self.channel)


def told(error: grpc.aio.AioRpcError) -> tuple[str, str, str]:
    """Return (code, reason, path) of an error as an OMS reads them."""
    status = rpc_status.from_call(error)
    assert status is not None, error
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "tillstream"
    assert status.message
    return error.code().name, info.reason, info.metadata.get("path", "")


@asynccontextmanager
async def serving(pipeline: Pipeline, numbering_clock: Clock | None = None, seed: int = 7) -> AsyncIterator[Api]:
    """Serve a pipeline's core on the API listener, on loopback over TLS."""
    randomness = SeededRandomness(seed)
    heads = Heads()
    seams = FeedSeams(clock=numbering_clock or pipeline.clock, telemetry=pipeline.telemetry)
    numbering = Numbering(pipeline.core.feed, heads, seams, owner=f"process {seed}")
    feed = OmsFeed(FeedParts(core=pipeline.core, heads=heads, clock=pipeline.clock, failpoints=NoFailpoints()))
    services = (
        lambda server: add_orders(OrderService(pipeline, feed), server),
        lambda server: add_stock(StockService(pipeline, feed), server),
        lambda server: add_exceptions(ExceptionService(pipeline.core, Replay(pipeline=pipeline)), server),
        lambda server: add_why(WhyService(pipeline.core), server),
    )
    plan = ListenerPlan(listener=Listener.API, host="127.0.0.1", port=0, services=services)
    with TemporaryDirectory() as directory:
        # TLS judges certificates by the machine's clock, whatever the pipeline's says.
        authority = CertificateAuthority.open(Path(directory) / "pki", SystemClock(), SystemRandomness())
    parts = ListenerParts(
        authority=authority,
        platform=pipeline.core.platform,
        clock=pipeline.clock,
        seams=ChokePointSeams(clock=pipeline.clock, randomness=randomness, telemetry=pipeline.telemetry),
        names=("127.0.0.1",),
    )
    listener = await start_listener(plan, parts)
    address = f"127.0.0.1:{listener.port}"
    try:
        async with grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(authority.bundle_pem)) as channel:
            yield Api(pipeline.core, numbering, listener, authority.bundle_pem, channel, randomness)
    finally:
        await listener.stop()


@asynccontextmanager
async def open_api(*stores: str) -> AsyncIterator[tuple[Shop, Api]]:
    """Open a chain with its stores and the tenant `rival` beside it, and serve both."""
    async with open_shop(*stores) as shop:
        await furnish_rival(shop.core)
        await name_mug(shop.core)
        async with serving(shop.pipeline) as api:
            yield shop, api


async def furnish_rival(core: CoreStore) -> None:
    """Add a second tenant that uses the same names for its own things."""
    await core.platform.put_tenant(Tenant(tenant=RIVAL, name="Rival"))
    async with core.begin(RIVAL) as uow:
        await uow.locations.put(
            Location(
                location="wh-east",
                name="East",
                kind=LocationKind.WAREHOUSE,
                country_code="GB",
                wms_url="http://127.0.0.1:9",
                wms_secret="s",
            )
        )
        await uow.skus.put([Sku(sku="MUG", name="Their mug")])
        await uow.commit()


async def name_mug(core: CoreStore) -> None:
    """Give the mug a GTIN and an alias, and add a SKU that is retired."""
    async with core.begin(TENANT) as uow:
        await uow.skus.put([Sku(sku="MUG", name="Mug", gtins=(GTIN,), aliases=("becher",))])
        await uow.skus.put([Sku(sku="OLD", name="Old", retired=True)])
        await uow.commit()


def new_order(
    reference: str, sku: str = "MUG", quantity: str = "2", **more: Any
) -> order_service_pb2.CreateOrderRequest:
    """Return an order of one line; `more` replaces fields."""
    fields: dict[str, Any] = {
        "request_id": f"req {reference}",
        "reference": reference,
        "lines": [order_service_pb2.OrderLine(sku=sku, quantity=quantity)],
        "ship_to": LEEDS,
        **more,
    }
    return order_service_pb2.CreateOrderRequest(**fields)
