"""The life of an order: it only moves forward, ends once, and whoever ships has shipped."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.domain.order import OrderStatus, advance, cancel

S = OrderStatus
STATUSES = st.sampled_from(list(OrderStatus))
RANK = {
    status: rank
    for rank, status in enumerate(
        [S.RECEIVED, S.AWAITING_STOCK, S.ROUTED, S.DISPATCHED, S.PICKED, S.PACKED, S.SHIPPED, S.DELIVERED]
    )
}


@given(current=STATUSES, reports=st.lists(STATUSES, max_size=12))
def test_fault_042_reports_in_any_order_never_move_back(current: OrderStatus, reports: list[OrderStatus]):
    seen = [current]
    for reported in reports:
        seen.append(advance(seen[-1], reported) or seen[-1])
    for before, after in pairwise(seen):
        if before in RANK and after in RANK:
            assert RANK[after] >= RANK[before]
        if before is S.CANCELLED:
            assert after is S.CANCELLED


@given(reports=st.permutations([S.DISPATCHED, S.PICKED, S.PACKED, S.SHIPPED, S.DELIVERED]))
def test_all_reports_in_any_order_end_delivered(reports: list[OrderStatus]):
    current = S.ROUTED
    for reported in reports:
        current = advance(current, reported) or current
    assert current is S.DELIVERED


@given(current=STATUSES)
def test_the_same_report_again_has_no_effect(current: OrderStatus):
    for reported in OrderStatus:
        after = advance(current, reported)
        if after is not None:
            assert advance(after, reported) is None


@pytest.mark.parametrize("current", [S.DELIVERED, S.CANCELLED])
def test_nothing_moves_an_order_that_ended(current: OrderStatus):
    assert all(advance(current, reported) is None for reported in OrderStatus)


@pytest.mark.parametrize("reported", [S.SHIPPED, S.DELIVERED, S.CANCELLED])
def test_a_warehouse_asked_to_stop_may_still_ship_or_agree(reported: OrderStatus):
    assert advance(S.CANCEL_REQUESTED, reported) is reported


@pytest.mark.parametrize("reported", [S.DISPATCHED, S.PICKED, S.PACKED, S.ROUTED])
def test_progress_on_the_way_does_not_undo_the_wish_to_cancel(reported: OrderStatus):
    assert advance(S.CANCEL_REQUESTED, reported) is None


def test_shipped_goods_cannot_be_reported_as_cancelled():
    assert advance(S.SHIPPED, S.CANCELLED) is None


def test_a_warehouse_moves_no_order_that_was_not_routed_to_it():
    for current in (S.RECEIVED, S.AWAITING_STOCK):
        for reported in (S.DISPATCHED, S.PICKED, S.PACKED, S.SHIPPED, S.DELIVERED):
            assert advance(current, reported) is None


@pytest.mark.parametrize(
    ("current", "after"),
    [
        (S.RECEIVED, S.CANCELLED),
        (S.AWAITING_STOCK, S.CANCELLED),
        (S.ROUTED, S.CANCEL_REQUESTED),
        (S.DISPATCHED, S.CANCEL_REQUESTED),
        (S.PICKED, None),
        (S.PACKED, None),
        (S.SHIPPED, None),
        (S.DELIVERED, None),
        (S.CANCEL_REQUESTED, S.CANCEL_REQUESTED),
        (S.CANCELLED, S.CANCELLED),
    ],
)
def test_a_wish_to_cancel_depends_on_where_the_order_stands(current: OrderStatus, after: OrderStatus | None):
    assert cancel(current) is after
