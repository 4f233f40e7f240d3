"""Quantities keep every digit, in code and in columns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.quantity import LARGEST, QuantityError, from_micro, parse_quantity, show, to_micro

MICRO = st.integers(-(10**15) + 1, 10**15 - 1)


@given(micro=MICRO)
def test_a_quantity_comes_back_from_its_column_and_its_text(micro: int) -> None:
    quantity = from_micro(micro)
    assert to_micro(quantity) == micro
    assert parse_quantity(show(quantity)) == quantity
    assert "E" not in show(quantity)


@given(micro=st.lists(MICRO, max_size=20))
def test_columns_add_up_as_quantities_do(micro: list[int]) -> None:
    assert to_micro(sum((from_micro(each) for each in micro), Decimal(0))) == sum(micro)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e9", "-1000000000", "0.0000001", "", "x", True])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(text)


def test_the_bounds_are_as_said() -> None:
    assert parse_quantity("999999999.999999") < LARGEST
    assert parse_quantity(0) == 0
    with pytest.raises(QuantityError):
        to_micro(Decimal("0.0000001"))


def test_text_is_plain() -> None:
    assert [show(Decimal(text)) for text in ("1E+2", "1.500", "-0.000001", "0")] == ["100", "1.5", "-0.000001", "0"]
