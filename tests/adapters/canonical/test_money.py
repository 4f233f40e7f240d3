"""Money is exact in every currency and refuses what it cannot hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.money import LARGEST_MINOR_UNITS, Money, MoneyError, exponent

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KRW", "KWD", "TND"])
MINOR = st.integers(-LARGEST_MINOR_UNITS, LARGEST_MINOR_UNITS)


@given(minor=MINOR, currency=CURRENCIES)
def test_an_amount_comes_back_from_its_own_text(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.decimal(), currency) == money
    assert Money.parse(f"{money.decimal():f}", currency) == money


@given(minor=MINOR, currency=CURRENCIES, zeros=st.integers(1, 4))
def test_more_zeros_say_the_same_and_more_digits_are_refused(minor: int, currency: str, zeros: int) -> None:
    text = f"{Money(minor, currency).decimal():f}"
    text += ("." if "." not in text else "") + "0" * zeros
    assert Money.parse(text, currency) == Money(minor, currency)
    with pytest.raises(MoneyError):
        Money.parse(f"{text}1", currency)


@given(left=st.integers(-(10**12), 10**12), right=st.integers(-(10**12), 10**12), currency=CURRENCIES)
def test_adding_and_taking_away_undo_each_other(left: int, right: int, currency: str) -> None:
    first, second = Money(left, currency), Money(right, currency)
    assert first + second == second + first == Money(left + right, currency)
    assert (first + second) - second == first
    assert Money(0, currency) - (-first) == first


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MoneyError, match="do not add up"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(MoneyError, match="do not add up"):
        Money(1, "EUR") - Money(1, "USD")


@pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), LARGEST_MINOR_UNITS + 1])
def test_only_integers_of_a_sane_size_are_minor_units(minor: object) -> None:
    with pytest.raises(MoneyError):
        Money(minor, "EUR")  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "", "12,50", "twelve", "1e16"])
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "QQQ", "UNKNOWN_CURRENCY"])
def test_only_iso_4217_codes_are_currencies(currency: str) -> None:
    with pytest.raises(MoneyError, match="ISO 4217"):
        exponent(currency)


def test_the_vendor_samples_are_read_exactly() -> None:
    """POSLog writes five decimals, Amazon yen without any."""
    assert Money.parse("196.89000", "USD").minor_units == 19689
    assert Money.parse("19940", "JPY").minor_units == 19940
    assert str(Money(1705, "KWD")) == "1.705 KWD"
