"""What every warehouse system adapter must do, whatever its vendor: inherit, and give the two fixtures."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from adapters.canonical.address import Address
from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.wms.contract import DispatchLine, DispatchRequest, ShipmentState, WarehouseStatus, WarehouseSystem
from demo.wms_sandbox import Faults, Warehouse


def request(dispatch_id: str = "dsp_abc_1") -> DispatchRequest:
    """Return a dispatch of one line."""
    return DispatchRequest(
        dispatch_id=dispatch_id,
        order_id="ord_abc",
        reference="2026-01-05/1001",
        location="north-dc",
        ship_to=Address(name="Ada", lines=("12 Park Row",), city="Leeds", country_code="GB", postal_code="LS1 5HD"),
        lines=(DispatchLine(number=1, sku="MUG-BLUE", quantity=Decimal("1.5")),),
    )


class WarehouseSystemContract:
    """Needs the fixtures `warehouse` (a running sandbox's state) and `system` (the adapter, with a 1 second timeout)."""

    async def test_a_dispatch_is_taken_and_found(self, system: WarehouseSystem) -> None:
        """What was handed over is there."""
        await system.dispatch(request())
        assert await system.find("dsp_abc_1") == ShipmentState(status=WarehouseStatus.ACCEPTED)

    async def test_an_unknown_dispatch_is_not_found(self, system: WarehouseSystem) -> None:
        """Asking first after an unknown outcome can answer no."""
        assert await system.find("dsp_nobody_1") is None

    async def test_a_repeat_is_the_same_shipment(self, system: WarehouseSystem, warehouse: Warehouse) -> None:
        """The same dispatch id never ships twice."""
        await system.dispatch(request())
        warehouse.shipments["dsp_abc_1"].status = "shipped"
        assert (await system.dispatch(request())).status is WarehouseStatus.SHIPPED
        assert len(warehouse.shipments) == 1

    async def test_fault_041_a_timeout_after_it_was_done_is_transient_and_the_shipment_is_found(
        self, system: WarehouseSystem, warehouse: Warehouse
    ) -> None:
        """The outcome was unknown, the query tells it."""
        warehouse.faults = Faults(hang=1)
        with pytest.raises(Transient) as unknown:
            await system.dispatch(request())
        assert unknown.value.reason is Reason.WMS_UNREACHABLE
        assert await system.find("dsp_abc_1") == ShipmentState(status=WarehouseStatus.ACCEPTED)

    async def test_unavailable_is_transient_and_its_retry_after_is_kept(
        self, system: WarehouseSystem, warehouse: Warehouse
    ) -> None:
        """A busy system says when to come back."""
        warehouse.faults = Faults(unavailable=1)
        with pytest.raises(Transient) as busy:
            await system.dispatch(request())
        assert busy.value.retry_after == 1

    async def test_a_refusal_is_permanent_and_keeps_what_was_said(
        self, system: WarehouseSystem, warehouse: Warehouse
    ) -> None:
        """A person has to read it."""
        warehouse.faults = Faults(refuse=1)
        with pytest.raises(Permanent) as refused:
            await system.dispatch(request())
        assert refused.value.reason is Reason.WMS_REFUSED
        assert "does not stock it" in refused.value.sentence

    async def test_a_shipment_can_be_stopped_until_it_is_picked(
        self, system: WarehouseSystem, warehouse: Warehouse
    ) -> None:
        """Cancelling is asked, not told."""
        await system.dispatch(request())
        await system.dispatch(request("dsp_late_1"))
        warehouse.shipments["dsp_late_1"].status = "picked"
        assert await system.cancel("dsp_abc_1")
        assert not await system.cancel("dsp_late_1")
        assert await system.cancel("dsp_never_1")

    async def test_every_call_has_a_deadline(self, system: WarehouseSystem, warehouse: Warehouse) -> None:
        """A system that hangs gives Transient in time, never silence."""
        warehouse.faults = Faults(hang=1)
        async with asyncio.timeout(10):
            with pytest.raises(Transient):
                await system.dispatch(request())
