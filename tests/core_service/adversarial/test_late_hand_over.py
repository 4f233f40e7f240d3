"""A shipment that reaches its warehouse after its order was cancelled is stopped or named: its goods are promised to others by then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.failpoint import ArmedFailpoints
from core_service.domain.exception import ParkedException
from core_service.domain.order import OrderStatus
from core_service.domain.shipment import dispatch_id
from core_service.domain.work import WorkKind
from core_service.orders.placing import cancel_order
from core_service.parts import pipeline_for
from demo.wms_sandbox import Faults, Shipment
from tests.core_service.dispatch.test_warehouse import Scene, scene

__all__ = ["scene"]


async def cancelled_meanwhile(scene: Scene) -> None:
    """The customer cancels, and the warehouse says that it never had the shipment."""
    await cancel_order(pipeline_for(scene.store, scene.clock), scene.credential, scene.order_id, "changed mind")
    await scene.handlers.cancel(scene.work(WorkKind.CANCEL_DISPATCH))
    assert (await scene.order()).status is OrderStatus.CANCELLED


def holding(scene: Scene) -> Scene:
    """Return the scene in which the order is cancelled while its hand-over is on the way."""
    places = ArmedFailpoints()
    places.arm("dispatch.before_call", lambda: cancelled_meanwhile(scene))
    return replace(scene, handlers=replace(scene.handlers, failpoints=places))


async def named(scene: Scene) -> list[ParkedException]:
    """Return the exceptions about orders that went on."""
    async with scene.store.read("acme") as uow:
        return await uow.exceptions.list(Reason.ORDER_NOT_CANCELLABLE, None, None, 10)


async def test_a_hand_over_that_a_cancellation_overtook_is_stopped_at_the_warehouse(scene: Scene) -> None:
    """The cancellation met a warehouse that did not have it yet; the hand-over that landed after it is taken back."""
    await holding(scene).handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    assert scene.warehouse.shipments[dispatch_id(scene.order_id)].status == "cancelled"
    assert (await scene.order()).status is OrderStatus.CANCELLED
    assert await scene.on_hand() == 10


async def test_a_hand_over_of_unknown_outcome_is_stopped_by_its_next_try(scene: Scene) -> None:
    """The warehouse took it although the call timed out; the order was cancelled in between."""
    scene.warehouse.faults = Faults(hang=1)
    with pytest.raises(Transient):
        await holding(scene).handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER, attempt=2))
    assert scene.warehouse.shipments[dispatch_id(scene.order_id)].status == "cancelled"


async def test_a_hand_over_that_cannot_be_stopped_any_more_is_given_to_a_person(scene: Scene) -> None:
    """The warehouse has picked it by then: the work parks with what to do."""
    scene.warehouse.faults = Faults(hang=1)
    with pytest.raises(Transient):
        await holding(scene).handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    scene.warehouse.shipments[dispatch_id(scene.order_id)].status = "picked"
    with pytest.raises(Permanent) as parked:
        await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER, attempt=2))
    assert parked.value.reason is Reason.ORDER_NOT_CANCELLABLE


async def test_an_order_cancelled_before_its_hand_over_began_asks_nobody(scene: Scene) -> None:
    """Nothing was on its way, so nothing is looked for."""
    await cancelled_meanwhile(scene)
    scene.warehouse.shipments[dispatch_id(scene.order_id)] = Shipment({}, status="accepted")
    await scene.handlers.dispatch(scene.work(WorkKind.DISPATCH_ORDER))
    assert scene.warehouse.shipments[dispatch_id(scene.order_id)].status == "accepted"


@pytest.mark.parametrize("confirmed", [True, False], ids=["cancelled", "asked to stop"])
async def test_goods_that_left_although_the_order_was_cancelled_are_named(scene: Scene, *, confirmed: bool) -> None:
    """A person has to stop the parcel or bill the customer, who may have the money back by now; said once, however often reported."""
    pipeline = pipeline_for(scene.store, scene.clock)
    await cancel_order(pipeline, scene.credential, scene.order_id, "changed mind")
    if confirmed:
        await scene.handlers.cancel(scene.work(WorkKind.CANCEL_DISPATCH))
    await scene.event("e1", "shipped")
    await scene.event("e2", "delivered")
    [exception] = await named(scene)
    assert exception.record_id == scene.order_id
    assert await scene.on_hand() == (10 if confirmed else 8)
