"""Opening stock is read row by row with every error at once, and a file booked twice is booked once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from core_service.stock.opening import import_opening_stock, read_opening_stock
from tests.core_service.shop import OMS, open_shop

GOOD = b"location,sku,quantity\nwh-east,MUG,5\nnorth,CUP,1.5\n"


async def test_a_file_is_booked_once():
    async with open_shop() as shop:
        told: list[tuple[int, int]] = []
        for _ in range(2):
            assert await import_opening_stock(shop.pipeline, OMS, GOOD, lambda done, of: told.append((done, of))) == []
        assert told[-1] == (2, 2)
        assert (await shop.position("wh-east", "MUG")).on_hand == Decimal(5)
        await shop.sound()


async def test_a_file_with_errors_names_each_row_and_books_nothing():
    async with open_shop() as shop:
        raw = GOOD + b"moon,MUG,1\nnorth,?,1\nnorth,MUG,-1\nnorth,MUG,x\nnorth,MUG\n"
        errors = await import_opening_stock(shop.pipeline, OMS, raw, lambda *_: None)
        assert [error.number for error in errors] == [4, 5, 6, 7, 8]
        assert (await shop.position("wh-east", "MUG")).on_hand == Decimal(0)


@pytest.mark.parametrize("raw", [b"", b"sku,quantity\n", b"\xff\xfe", b'location,sku,quantity\n"'])
def test_what_is_no_such_file_is_refused(raw: bytes):
    with pytest.raises(Permanent, match="FIELD_INVALID"):
        read_opening_stock(raw)


@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b"location,sku,quantity\n" + text.encode()))
def test_any_bytes_are_rows_or_errors(raw: bytes):
    try:
        rows, _ = read_opening_stock(raw)
    except Permanent:
        return
    assert all(row.item.quantity > 0 for row in rows)
