"""What every store promises to booking: movements once, positions with them, levels that are their sum, rights by id."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.canonical.rights import Position, receive, reserve, take, take_back
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.ports.stock import Level, LocationSku, RightsTransfer, TransferState
from core_service.ports.unit_of_work import CoreStore
from tests.contracts import records
from tests.contracts.records import SHARED

_MUGS: LocationSku = ("north-dc", "MUG-BLUE")
_TEA: LocationSku = ("north-dc", "TEA-100")
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([_MUGS, _TEA, ("high-street", "MUG-BLUE")]),
        st.sampled_from([receive, take, take_back]),
        st.decimals(min_value="0.000001", max_value="999999", places=6),
    ),
    max_size=12,
)


def _transfer(transfer_id: str = "rgt_1", quantity: str = "5", store: str = "high-street") -> RightsTransfer:
    return RightsTransfer(
        transfer_id=transfer_id,
        store=store,
        sku="MUG-BLUE",
        quantity=Decimal(quantity),
        to_store=True,
        state=TransferState.IN_FLIGHT,
        created_at=records.T0,
    )


class StockStoreContract:
    """The ledger, positions and rights transfers."""

    async def test_positions_and_movements_are_booked_together(self, core: CoreStore) -> None:
        """What was booked is read back exactly, of one's own tenant; a pair never booked is empty."""
        held = Position(
            on_hand=Decimal("10.5"),
            store_rights=Decimal(4),
            core_rights=Decimal(3),
            reserved=Decimal(2),
            in_flight=Decimal("1.500001"),
            overdrawn=Decimal("0.000001"),
        )
        for tenant, units in (("acme", 10), ("bolt", 3)):
            async with core.begin(tenant) as uow:
                position = held if tenant == "acme" else records.holding(3)
                await uow.stock.book([records.received("rcv_1", units)], {_MUGS: position}, records.after(1))
                await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.stock.positions([_TEA, _MUGS, _MUGS]) == {_MUGS: held, _TEA: Position()}
            assert await uow.stock.positions([]) == {}
            assert await uow.stock.movements_of("rcv_1") == [records.received("rcv_1", 10)]
            assert await uow.stock.movements_of("rcv_2") == []
        async with core.read("bolt") as uow:
            assert await uow.stock.positions([_MUGS]) == {_MUGS: records.holding(3)}
            assert await uow.stock.movements_of("rcv_1") == [records.received("rcv_1", 3)]

    async def test_movements_of_a_cause_come_by_line_and_ordinal(self, core: CoreStore) -> None:
        """Whatever order they were booked in."""
        moved = [replace(records.sold("sal_1", "1"), line=line, ordinal=place) for line in (2, 1) for place in (1, 0)]
        async with core.begin("acme") as uow:
            await uow.stock.book(moved, {}, records.T0)
            found = await uow.stock.movements_of("sal_1")
        assert found == sorted(moved, key=lambda movement: (movement.line, movement.ordinal))

    async def test_a_movement_is_booked_once(self, core: CoreStore) -> None:
        """(cause, line, ordinal) is unique within a tenant: a second booking is refused whole (invariant 9)."""
        async with core.begin("acme") as uow:
            await uow.stock.book([records.received("rcv_1", 5)], {_MUGS: records.holding(5)}, records.T0)
            await uow.commit()
        async with core.begin("bolt") as uow:
            await uow.stock.book([records.received("rcv_1", 5)], {_MUGS: records.holding(5)}, records.T0)
            await uow.commit()
        with pytest.raises(Permanent) as refused:
            async with core.begin("acme") as uow:
                await uow.stock.book([records.received("rcv_1", 5)], {_MUGS: records.holding(10)}, records.T0)
        assert refused.value.reason is Reason.ALREADY_EXISTS
        async with core.read("acme") as uow:
            assert (await uow.stock.positions([_MUGS]))[_MUGS] == records.holding(5)

    async def test_a_quantity_too_fine_to_store_is_refused(self, core: CoreStore) -> None:
        """Nothing is ever rounded."""
        async with core.begin("acme") as uow:
            with pytest.raises(Permanent) as refused:
                await uow.stock.book([records.sold("sal_1", "0.0000001")], {}, records.T0)
        assert refused.value.reason is Reason.QUANTITY_INVALID

    async def test_levels_are_listed_page_by_page(self, core: CoreStore) -> None:
        """By (location, sku), filtered, after a pair, of one's own tenant."""
        pairs = [(place, sku) for place in ("a", "b", "c") for sku in ("1", "2")]
        async with core.begin("acme") as uow:
            await uow.stock.book([], {pair: records.holding(1) for pair in reversed(pairs)}, records.after(5))
            await uow.commit()
        async with core.read("acme") as uow:

            async def listed(
                *filters: list[str], after: LocationSku | None = None, limit: int = 10
            ) -> list[LocationSku]:
                places, skus = (*filters, [], [])[:2]
                return [(level.location, level.sku) for level in await uow.stock.levels(places, skus, after, limit)]

            assert await listed() == pairs
            assert await listed(limit=2) == pairs[:2]
            assert await listed(after=("a", "2")) == pairs[2:]
            assert await listed(["c", "a"]) == [*pairs[:2], *pairs[4:]]
            assert await listed([], ["2"]) == [("a", "2"), ("b", "2"), ("c", "2")]
            assert await listed(["b"], ["1", "9"]) == [("b", "1")]
            assert await uow.stock.levels(["a"], ["1"], None, 1) == [
                Level(location="a", sku="1", position=records.holding(1), updated_at=records.after(5))
            ]
        async with core.read("bolt") as uow:
            assert await uow.stock.levels([], [], None, 10) == []

    async def test_the_ledger_proves_the_levels(self, core: CoreStore) -> None:
        """A level that is not the sum of its movements, or whose rights do not add up, is named; another tenant's is not."""
        async with core.begin("acme") as uow:
            moved = [records.received("rcv_1", 10), replace(records.sold("trf_1", "4"), to_location="high-street")]
            positions = {_MUGS: records.holding(6), ("high-street", "MUG-BLUE"): records.holding(4)}
            await uow.stock.book(moved, positions, records.T0)
            assert await uow.stock.verify() == []
            await uow.stock.book([], {_MUGS: replace(records.holding(6), on_hand=Decimal(7))}, records.T0)
            await uow.stock.book([records.received("rcv_2", 1, "TEA-100")], {}, records.T0)
            await uow.commit()
        async with core.read("acme") as uow:
            found = {(wrong.location, wrong.sku): wrong for wrong in await uow.stock.verify()}
        assert sorted(found) == [_MUGS, _TEA]
        assert (found[_MUGS].ledger, found[_MUGS].level) == (Decimal(6), Decimal(7))
        assert "add up" in found[_MUGS].sentence
        assert (found[_TEA].ledger, found[_TEA].level) == (Decimal(1), Decimal(0))
        async with core.read("bolt") as uow:
            assert await uow.stock.verify() == []

    @settings(max_examples=25, suppress_health_check=SHARED)
    @given(steps=_STEPS)
    async def test_any_bookings_prove_themselves(
        self, core: CoreStore, steps: list[tuple[LocationSku, object, Decimal]]
    ) -> None:
        """Whatever is received, sold and brought back in exact quantities, the ledger equals the levels afterwards."""
        async with core.begin("acme") as uow:
            for place, (pair, happened, quantity) in enumerate(steps):
                held = (await uow.stock.positions([pair]))[pair]
                came = records.received(f"c_{place}", 1, pair[1], pair[0])
                went = records.sold(f"c_{place}", "1", pair[1], pair[0])
                moved = replace(went if happened is take else came, quantity=quantity)
                assert callable(happened)
                await uow.stock.book([moved], {pair: happened(held, quantity)}, records.T0)
            assert await uow.stock.verify() == []

    async def test_rights_alone_change_a_position(self, core: CoreStore) -> None:
        """A reservation moves nothing in the ledger."""
        async with core.begin("acme") as uow:
            await uow.stock.book([records.received("rcv_1", 5)], {_MUGS: records.holding(5)}, records.T0)
            reserved = reserve(records.holding(5), Decimal(2))
            await uow.stock.book([], {_MUGS: reserved}, records.after(1))
            assert await uow.stock.positions([_MUGS]) == {_MUGS: reserved}
            assert await uow.stock.verify() == []

    async def test_a_transfer_settles_once(self, core: CoreStore) -> None:
        """The second settling finds it settled; another tenant's transfer of that id is untouched."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.rights.add([_transfer(), _transfer("rgt_2")])
                await uow.commit()
        async with core.begin("acme") as uow:
            assert await uow.rights.settle("rgt_1")
            assert not await uow.rights.settle("rgt_1")
            assert not await uow.rights.settle("rgt_9")
            assert await uow.rights.get("rgt_1") == replace(_transfer(), state=TransferState.SETTLED)
            assert await uow.rights.get("rgt_2") == _transfer("rgt_2")
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.rights.get("rgt_1") == _transfer()
            assert await uow.rights.get("rgt_9") is None

    async def test_a_transfer_is_recorded_once(self, core: CoreStore) -> None:
        """Its units would be debited twice otherwise."""
        async with core.begin("acme") as uow:
            await uow.rights.add([_transfer()])
            await uow.commit()
        with pytest.raises(Permanent):
            async with core.begin("acme") as uow:
                await uow.rights.add([_transfer()])

    async def test_a_store_asks_for_its_own_transfers(self, core: CoreStore) -> None:
        """By id; those of other stores and tenants are absent."""
        async with core.begin("acme") as uow:
            await uow.rights.add([_transfer(), _transfer("rgt_2"), _transfer("rgt_3", store="harbour")])
            await uow.commit()
        async with core.read("acme") as uow:
            found = await uow.rights.of_store("high-street", ["rgt_3", "rgt_2", "rgt_1", "rgt_8"])
            assert found == [_transfer(), _transfer("rgt_2")]
            assert await uow.rights.of_store("high-street", []) == []
        async with core.read("bolt") as uow:
            assert await uow.rights.of_store("high-street", ["rgt_1"]) == []
