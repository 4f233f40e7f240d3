"""Goods received, moved and counted: each request books once, wholly, and never moves more than the giver may promise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.quantity import MICRO, show
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.pipeline.rights import core_part
from core_service.ports.stock import Level
from core_service.stock.moving import (
    StockItem,
    StockRequest,
    adjust_stock,
    receive_stock,
    transfer_stock,
)
from tests.core_service.shop import OMS, Shop, open_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop("north", "south") as opened:
        yield opened


def encode(levels: Sequence[Level]) -> bytes:
    """Write levels as `location sku on_hand`."""
    return ";".join(f"{level.location} {level.sku} {show(level.position.on_hand)}" for level in levels).encode()


def request(
    items: Sequence[tuple[str, str]], to: str = "wh-east", from_: str = "", request_id: str = "r1"
) -> StockRequest:
    """Return a request."""
    return StockRequest(
        request_id=request_id,
        items=tuple(StockItem(name=name, quantity=Decimal(quantity)) for name, quantity in items),
        to_location=to,
        from_location=from_,
    )


async def test_a_receipt_books_once_and_its_repeat_gets_the_first_answer(shop: Shop):
    first = await receive_stock(shop.pipeline, OMS, request([("MUG", "5"), ("CUP", "1.5")]), encode)
    await adjust_stock(shop.pipeline, OMS, request([("MUG", "-1")]), encode)
    again = await receive_stock(shop.pipeline, OMS, request([("MUG", "5.0"), ("CUP", "1.50")]), encode)
    assert first == again == b"wh-east CUP 1.5;wh-east MUG 5"
    assert (await shop.position("wh-east", "MUG")).on_hand == Decimal(4)
    await shop.sound()


async def test_the_same_request_id_with_other_goods_is_refused(shop: Shop):
    await receive_stock(shop.pipeline, OMS, request([("MUG", "5")]), encode)
    with pytest.raises(Permanent, match="REQUEST_ID_REUSED"):
        await receive_stock(shop.pipeline, OMS, request([("MUG", "6")]), encode)


async def test_a_count_that_found_less_books_even_below_zero(shop: Shop):
    await adjust_stock(shop.pipeline, OMS, request([("MUG", "-3")]), encode)
    assert (await shop.position("wh-east", "MUG")).on_hand == Decimal(-3)
    await shop.sound()


async def test_a_transfer_moves_what_the_core_may_promise_and_no_more(shop: Shop):
    await receive_stock(shop.pipeline, OMS, request([("MUG", "5"), ("CUP", "5")]), encode)
    await transfer_stock(shop.pipeline, OMS, request([("MUG", "4")], to="north", from_="wh-east"), encode)
    assert (await shop.position("north", "MUG")).in_flight == Decimal(3)
    with pytest.raises(Permanent) as refused:
        await transfer_stock(
            shop.pipeline,
            OMS,
            request([("CUP", "1"), ("MUG", "2")], to="north", from_="wh-east", request_id="r2"),
            encode,
        )
    assert (refused.value.reason, refused.value.path) == (Reason.INSUFFICIENT_STOCK, "items[1].quantity")
    assert (await shop.position("wh-east", "CUP")).on_hand == Decimal(5)
    await shop.sound()


@pytest.mark.parametrize(
    ("wrong", "reason", "path"),
    [
        (request([]), Reason.FIELD_MISSING, "items"),
        (request([("MUG", "0")]), Reason.QUANTITY_INVALID, "items[0].quantity"),
        (request([("MUG", "1"), ("MUG", "-1")]), Reason.QUANTITY_INVALID, "items[1].quantity"),
        (request([("MUG", "1000000000")]), Reason.QUANTITY_INVALID, "items[0].quantity"),
        (request([("?", "1")]), Reason.SKU_UNKNOWN, "items[0].sku"),
        (request([("MUG", "1")], to="moon"), Reason.REFERENCE_UNKNOWN, "location"),
        (request([("MUG", "1")], request_id=""), Reason.FIELD_MISSING, "request_id"),
    ],
)
async def test_a_wrong_field_is_named(shop: Shop, wrong: StockRequest, reason: Reason, path: str):
    with pytest.raises(Permanent) as refused:
        await receive_stock(shop.pipeline, OMS, wrong, encode)
    assert (refused.value.reason, refused.value.path) == (reason, path)


async def test_a_transfer_needs_two_places(shop: Shop):
    with pytest.raises(Permanent, match="FIELD_INVALID"):
        await transfer_stock(shop.pipeline, OMS, request([("MUG", "1")], to="north", from_="north"), encode)


@given(
    quantity=st.decimals(min_value="0.000001", max_value="1000000", places=MICRO),
    share=st.integers(min_value=0, max_value=100),
)
def test_a_share_never_exceeds_what_came_and_whole_goods_stay_whole(quantity: Decimal, share: int):
    part = core_part(quantity, share)
    assert Decimal(0) <= part <= quantity
    if quantity == quantity.to_integral_value():
        assert part == part.to_integral_value()
