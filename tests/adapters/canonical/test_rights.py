"""Whatever happens, rights balance and promises stay within them (invariant 10)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from adapters.canonical import rights
from adapters.canonical.rights import InsufficientRights, Position

UNITS = st.integers(0, 20).map(Decimal)


class RightsMachine(RuleBasedStateMachine):
    """One SKU at one store, with every event in any order; promises are tried beyond the rights too."""

    def __init__(self) -> None:
        super().__init__()
        self.position = Position()
        self.goods = Decimal(0)

    def promise(self, event: Callable[[Position, Decimal], Position], quantity: Decimal, have: Decimal) -> bool:
        """Try a promise: it succeeds exactly when the rights cover it, and a refusal changes nothing."""
        if quantity > have:
            with pytest.raises(InsufficientRights):
                event(self.position, quantity)
            return False
        self.position = event(self.position, quantity)
        return True

    @rule(quantity=UNITS)
    def goods_arrive(self, quantity: Decimal) -> None:
        self.position = rights.receive(self.position, quantity)
        self.goods += quantity

    @rule(quantity=UNITS)
    def a_customer_brings_back(self, quantity: Decimal) -> None:
        self.position = rights.take_back(self.position, quantity)
        self.goods += quantity

    @rule(quantity=UNITS)
    def a_sale_always_books(self, quantity: Decimal) -> None:
        self.position = rights.take(self.position, quantity)
        self.goods -= quantity

    @rule(quantity=UNITS)
    def goods_are_transferred_out(self, quantity: Decimal) -> None:
        if self.promise(rights.withdraw, quantity, self.position.core_rights):
            self.goods -= quantity

    @rule(quantity=UNITS)
    def the_core_promises(self, quantity: Decimal) -> None:
        self.promise(rights.reserve, quantity, self.position.core_rights)

    @rule(quantity=UNITS)
    def a_promise_ends(self, quantity: Decimal) -> None:
        self.promise(rights.release, quantity, self.position.reserved)

    @rule(quantity=UNITS)
    def promised_goods_leave(self, quantity: Decimal) -> None:
        if self.promise(rights.ship, quantity, self.position.reserved):
            self.goods -= quantity

    @rule(quantity=UNITS)
    def a_grant_goes_out(self, quantity: Decimal) -> None:
        self.promise(rights.debit_grant, quantity, self.position.core_rights)

    @rule(quantity=UNITS)
    def a_grant_is_taken(self, quantity: Decimal) -> None:
        self.promise(rights.credit_grant, quantity, self.position.in_flight)

    @precondition(lambda self: self.position.store_rights > 0)
    @rule(quantity=UNITS)
    def the_store_returns_rights(self, quantity: Decimal) -> None:
        before = self.position.store_rights
        self.position, moved = rights.credit_return(self.position, quantity)
        assert moved == min(before, quantity)

    @invariant()
    def it_balances(self) -> None:
        assert self.position.balanced()

    @invariant()
    def the_shelf_holds_what_came_minus_what_went(self) -> None:
        assert self.position.on_hand == self.goods

    @invariant()
    def nothing_but_the_shelf_is_below_zero(self) -> None:
        position = self.position
        parts = (position.store_rights, position.core_rights, position.reserved, position.in_flight, position.overdrawn)
        assert min(parts) >= 0

    @invariant()
    def rights_are_covered_by_goods_unless_the_shortfall_says_so(self) -> None:
        position = self.position
        promises = position.store_rights + position.core_rights + position.reserved + position.in_flight
        assert promises <= max(Decimal(0), position.on_hand) + position.overdrawn

    @invariant()
    def uncovered_promises_are_part_of_the_promises_and_of_the_shortfall(self) -> None:
        assert 0 <= rights.uncovered(self.position) <= self.position.reserved
        assert rights.uncovered(self.position) == 0 or self.position.overdrawn > 0


TestRights = RightsMachine.TestCase


def test_a_sale_uses_the_stores_rights_then_the_cores_then_cover_of_promises() -> None:
    position = rights.take(
        Position(on_hand=Decimal(6), store_rights=Decimal(1), core_rights=Decimal(2), reserved=Decimal(3)), Decimal(5)
    )
    assert [position.store_rights, position.core_rights, position.reserved] == [Decimal(0), Decimal(0), Decimal(3)]
    assert position.overdrawn == rights.uncovered(position) == Decimal(2)


@given(quantity=UNITS, sold=UNITS)
def test_goods_that_arrive_make_good_what_was_overdrawn_first(quantity: Decimal, sold: Decimal) -> None:
    position = rights.receive(rights.take(Position(), sold), quantity)
    assert position.overdrawn == max(Decimal(0), sold - quantity)
    assert position.core_rights == max(Decimal(0), quantity - sold)
