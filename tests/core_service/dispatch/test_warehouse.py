"""Promises of core_service/dispatch/warehouse.py: real store, real orders, the sandbox warehouse over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import httpx2
import pytest
import uvicorn

from adapters.canonical.address import Address
from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import NoFailpoints
from adapters.wms.generic_rest.codec import read_event
from adapters.wms.registry import warehouse_system
from core_service.dispatch.checking import ShipmentCheck, check_all
from core_service.dispatch.warehouse import WarehouseDispatch
from core_service.domain.order import Order, OrderStatus
from core_service.domain.setup import Credential, Location, LocationKind, Scope, Sku
from core_service.domain.shipment import dispatch_id
from core_service.domain.work import ClaimedWork, WorkKind
from core_service.orders.placing import NewOrder, WantedLine, cancel_order, create_order
from core_service.parts import order_acts, pipeline_for
from core_service.ports.orders import WebhookEvent
from core_service.ports.unit_of_work import CoreStore
from core_service.stock.moving import StockItem, StockRequest, receive_stock
from demo.wms_sandbox import Faults, Shipment, Warehouse, application
from tests.core_service.core import empty_core

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


@dataclass
class Scene:
    """One order of two mugs at one warehouse."""

    store: CoreStore
    clock: VirtualClock
    warehouse: Warehouse
    handlers: WarehouseDispatch
    credential: Credential
    order_id: str

    def work(self, kind: WorkKind, subject: str = "", attempt: int = 1) -> ClaimedWork:
        """Return claimed work about the order."""
        return ClaimedWork(
            tenant="acme", work_id="wrk_1", kind=kind, subject=subject or self.order_id, destination="north-dc",
            attempt=attempt, max_attempts=12, fence=1,
        )  # fmt: skip

    async def order(self) -> Order:
        """Return the order as it stands."""
        async with self.store.read("acme") as uow:
            found = await uow.orders.get(self.order_id)
        assert found is not None
        return found

    async def due(self) -> list[ClaimedWork]:
        """Claim everything that is due, for a second."""
        return await self.store.work_claims.claim("test", self.clock.now(), 1, 100, [])

    async def on_hand(self) -> Decimal:
        """Return how many mugs the warehouse has."""
        async with self.store.read("acme") as uow:
            assert await uow.stock.verify() == []
            return (await uow.stock.positions([("north-dc", "MUG")]))["north-dc", "MUG"].on_hand

    async def event(self, event_id: str, status: str) -> None:
        """Store a webhook and let its handler take it."""
        body = {"type": status, "dispatch_id": dispatch_id(self.order_id), "occurred_at": "2026-01-05T10:00:00Z"}
        async with self.store.begin("acme") as uow:
            await uow.webhooks.add(
                WebhookEvent(
                    location="north-dc", event_id=event_id, raw_id=f"raw_{event_id}", received_at=self.clock.now()
                )
            )
            await uow.raw.put([(f"raw_{event_id}", json.dumps(body).encode())])
            await uow.commit()
        await self.handlers.take_event(self.work(WorkKind.WMS_EVENT, f"north-dc/{event_id}"))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A core with stock at one warehouse, an order routed there, and the sandbox listening."""
    warehouse = Warehouse(webhook_url="http://127.0.0.1:9/", secret=SECRET, step_seconds=0)
    config = uvicorn.Config(application(warehouse), port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    clock = VirtualClock()
    async with empty_core(clock) as store, httpx2.AsyncClient(timeout=1) as client:
        credential = Credential(
            credential="oms",
            tenant="acme",
            name="OMS",
            scopes=frozenset(Scope),
            secret_hash=b"",
            created_at=clock.now(),
        )
        order_id = await _set_up(store, clock, credential, url)
        handlers = WarehouseDispatch(
            store=store,
            clock=clock,
            failpoints=NoFailpoints(),
            system=lambda location: warehouse_system(client, location.wms_url, location.wms_secret),
            read_event=read_event,
            orders=order_acts(),
        )
        yield Scene(store, clock, warehouse, handlers, credential, order_id)
    server.should_exit = True
    await serving


async def _set_up(store: CoreStore, clock: VirtualClock, credential: Credential, url: str) -> str:
    pipeline = pipeline_for(store, clock)
    async with store.begin("acme") as uow:
        await uow.skus.put([Sku(sku="MUG", name="Mug")])
        await uow.locations.put(
            Location(
                location="north-dc",
                name="North DC",
                kind=LocationKind.WAREHOUSE,
                country_code="GB",
                wms_url=url,
                wms_secret=SECRET,
            )
        )
        await uow.commit()
    received = StockRequest(
        request_id="r1", items=(StockItem(name="MUG", quantity=Decimal(10)),), to_location="north-dc"
    )
    await receive_stock(pipeline, credential, received, lambda _: b"")
    ship_to = Address(name="Ada", lines=("12 Park Row",), city="Leeds", country_code="GB", postal_code="LS1 5HD")
    wanted = NewOrder(
        request_id="o1", reference="1001", lines=(WantedLine(name="MUG", quantity=Decimal(2)),), ship_to=ship_to
    )
    return (await create_order(pipeline, credential, wanted, lambda order: order.order_id.encode())).decode()


async def test_a_routed_order_is_handed_over_and_becomes_dispatched(scene: Scene) -> None:
    """The warehouse has it, with its lines."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    assert (await scene.order()).status is OrderStatus.DISPATCHED
    assert scene.warehouse.shipments[dispatch_id(scene.order_id)].body["lines"] == [
        {"number": 1, "sku": "MUG", "quantity": "2"}
    ]


async def test_fault_041_a_timeout_that_did_it_is_found_and_not_asked_again(scene: Scene) -> None:
    """The second try asks first."""
    scene.warehouse.faults = Faults(hang=1)
    with pytest.raises(Transient):
        await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER, attempt=2))
    assert scene.warehouse.shipments[dispatch_id(scene.order_id)].asked == 1
    assert (await scene.order()).status is OrderStatus.DISPATCHED
    async with scene.store.read("acme") as uow:
        assert any("unknown outcome" in step.sentence for step in await uow.lineage.of(scene.order_id))


async def test_a_refusal_leaves_the_order_where_it_is_and_says_why(scene: Scene) -> None:
    """A person reads the warehouse's own words."""
    scene.warehouse.faults = Faults(refuse=1)
    with pytest.raises(Permanent) as refused:
        await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    assert refused.value.reason is Reason.WMS_REFUSED
    order = await scene.order()
    assert order.status is OrderStatus.ROUTED
    assert "does not stock it" in order.sentence


async def test_shipping_books_the_goods_out_once_however_often_it_is_said(scene: Scene) -> None:
    """Two events of one shipment move one shipment's goods."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    await scene.event("e1", "shipped")
    await scene.event("e2", "shipped")
    assert (await scene.order()).status is OrderStatus.SHIPPED
    assert await scene.on_hand() == 8


async def test_fault_042_shipped_before_picked_moves_forward_only(scene: Scene) -> None:
    """The late step is recorded without effect."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    for number, status in enumerate(("shipped", "packed", "picked")):
        await scene.event(f"e{number}", status)
    assert (await scene.order()).status is OrderStatus.SHIPPED
    assert await scene.on_hand() == 8


async def test_an_event_of_another_locations_shipment_is_refused(scene: Scene) -> None:
    """A warehouse speaks for its own shipments only."""
    body = {"type": "shipped", "dispatch_id": dispatch_id(scene.order_id), "occurred_at": "2026-01-05T10:00:00Z"}
    async with scene.store.begin("acme") as uow:
        await uow.webhooks.add(
            WebhookEvent(location="south-dc", event_id="x", raw_id="raw_x", received_at=scene.clock.now())
        )
        await uow.raw.put([("raw_x", json.dumps(body).encode())])
        await uow.commit()
    with pytest.raises(Permanent) as refused:
        await scene.handlers.take_event(scene.work(WorkKind.WMS_EVENT, "south-dc/x"))
    assert refused.value.reason is Reason.ORDER_UNKNOWN
    assert await scene.on_hand() == 10


async def test_a_cancellation_is_asked_of_the_warehouse_and_releases_the_promise(scene: Scene) -> None:
    """CANCEL_REQUESTED until it agrees."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    order = await cancel_order(pipeline_for(scene.store, scene.clock), scene.credential, scene.order_id, "changed mind")
    assert order.status is OrderStatus.CANCEL_REQUESTED
    await scene.handlers.cancel(scene.work(WorkKind.CANCEL_DISPATCH))
    assert (await scene.order()).status is OrderStatus.CANCELLED
    async with scene.store.read("acme") as uow:
        assert (await uow.stock.positions([("north-dc", "MUG")]))["north-dc", "MUG"].core_rights == 10


async def test_a_cancellation_that_came_too_late_lets_the_order_ship(scene: Scene) -> None:
    """Goods decide."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    await cancel_order(pipeline_for(scene.store, scene.clock), scene.credential, scene.order_id, "changed mind")
    scene.warehouse.shipments[dispatch_id(scene.order_id)].status = "picked"
    await scene.handlers.cancel(scene.work(WorkKind.CANCEL_DISPATCH))
    assert "too late" in (await scene.order()).sentence
    await scene.event("e1", "shipped")
    assert (await scene.order()).status is OrderStatus.SHIPPED
    assert await scene.on_hand() == 8


async def test_work_that_is_out_of_date_does_nothing(scene: Scene) -> None:
    """A dispatch claimed again after it was done asks nobody."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    scene.clock.advance(timedelta(hours=1).total_seconds())
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER, attempt=2))
    assert scene.warehouse.shipments[dispatch_id(scene.order_id)].asked == 1


async def test_fault_043_a_shipment_that_a_restored_core_asks_for_again_is_booked_as_shipped(scene: Scene) -> None:
    """The warehouse says in its answer that it has long been shipped; no webhook will say so again."""
    scene.warehouse.shipments[dispatch_id(scene.order_id)] = Shipment(
        _body(scene), status="shipped", tracking_number="T9"
    )
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    order = await scene.order()
    assert (order.status, order.tracking_number) == (OrderStatus.SHIPPED, "T9")
    assert await scene.on_hand() == 8


def _body(scene: Scene) -> dict[str, object]:
    ship_to = {
        "name": "Ada", "lines": ["12 Park Row"], "city": "Leeds", "region": "", "postal_code": "LS1 5HD",
        "country_code": "GB", "phone": "", "email": "",
    }  # fmt: skip
    return {
        "dispatch_id": dispatch_id(scene.order_id), "order_id": scene.order_id, "reference": "1001", "location": "north-dc",
        "ship_to": ship_to, "lines": [{"number": 1, "sku": "MUG", "quantity": "2"}],
    }  # fmt: skip


def check_of(scene: Scene) -> ShipmentCheck:
    """Return the check on the scene's store and warehouse."""
    return ShipmentCheck(store=scene.store, clock=scene.clock, system=scene.handlers.system, report=order_acts().report)


async def test_fault_043_an_order_whose_webhook_was_lost_is_asked_about(scene: Scene) -> None:
    """After a restore at once, else once a day; then nothing more is asked."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    scene.warehouse.shipments[dispatch_id(scene.order_id)].status = "shipped"
    assert await check_all(scene.store, scene.clock.now()) == 1
    (work,) = [one for one in await scene.due() if one.kind is WorkKind.CHECK_SHIPMENT]
    await check_of(scene).check(work)
    assert (await scene.order()).status is OrderStatus.SHIPPED
    assert await scene.on_hand() == 8
    assert await check_all(scene.store, scene.clock.now()) == 0


async def test_an_order_that_stays_at_its_warehouse_is_asked_about_every_day(scene: Scene) -> None:
    """And not before the day is over."""
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    for _ in range(2):
        assert not [one for one in await scene.due() if one.kind is WorkKind.CHECK_SHIPMENT]
        scene.clock.advance(24 * 3600 + 1)
        (work,) = [one for one in await scene.due() if one.kind is WorkKind.CHECK_SHIPMENT]
        await check_of(scene).check(work)
    assert (await scene.order()).status is OrderStatus.DISPATCHED
