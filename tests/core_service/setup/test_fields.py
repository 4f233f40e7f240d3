"""Fields of set-up: what they take, and a path with whatever they refuse."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.setup import fields
from core_service.setup.gtin import check_digit, checked_gtin


def refusal(check: Callable[..., Any], value: object, **more: object) -> Permanent:
    """Return how a value is refused."""
    with pytest.raises(Permanent) as refused:
        check(value, "a.path", **more)
    assert refused.value.path == "a.path"
    assert refused.value.sentence
    return refused.value


@pytest.mark.parametrize("value", ["a", "leeds", "store-7", "7", "a" * 40])
def test_ids_of_letters_digits_and_inner_hyphens_are_taken(value: str) -> None:
    """Up to 40."""
    assert fields.slug(value, "a.path") == value


@pytest.mark.parametrize("value", ["", "-a", "a-", "A", "a b", "a_b", "a/b", "ä", "a" * 41, "a\n", "a\0", ".."])
def test_other_ids_are_refused(value: str) -> None:
    """They stand in addresses and certificates."""
    assert refusal(fields.slug, value).reason is Reason.FIELD_INVALID


@pytest.mark.parametrize("value", ["", " ", " a", "a ", "a" * 201])
def test_labels_are_neither_empty_nor_endless(value: str) -> None:
    """Nor do they begin or end with blanks."""
    assert refusal(fields.label, value).reason is Reason.FIELD_INVALID


@pytest.mark.parametrize("value", ["a\0b", "a\nb", "a\u202eb", "a\ud800b", "a\u200bb"])
def test_texts_that_databases_or_eyes_misread_are_refused(value: str) -> None:
    """NUL, line breaks, direction marks, lone surrogates, invisible characters (faults rows 47, 48)."""
    assert refusal(fields.label, value).reason is Reason.TEXT_NOT_STORABLE


@pytest.mark.parametrize("value", ["Europe/London", "UTC", "America/Argentina/Buenos_Aires"])
def test_time_zones_of_the_iana_list_are_taken(value: str) -> None:
    """By name."""
    assert fields.time_zone(value, "a.path") == value


@pytest.mark.parametrize("value", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe/London\0", "Europe"])
def test_other_time_zones_are_refused(value: str) -> None:
    """No path leaves the list."""
    refusal(fields.time_zone, value)


@pytest.mark.parametrize(
    ("value", "expected"), [("", time(0)), ("00:00", time(0)), ("23:59", time(23, 59)), ("04:30", time(4, 30))]
)
def test_closing_times_are_hours_and_minutes(value: str, expected: time) -> None:
    """Empty is midnight."""
    assert fields.closing_time(value, "a.path") == expected


@pytest.mark.parametrize("value", ["24:00", "7:30", "07:60", "07:30:00", "noon", "0\u0667:30"])
def test_other_closing_times_are_refused(value: str) -> None:
    """Also digits of other scripts."""
    refusal(fields.closing_time, value)


@pytest.mark.parametrize("value", ["", "EURO", "eur", "ZZZ", "€"])
def test_only_iso_4217_is_a_currency(value: str) -> None:
    """With its own reason."""
    assert refusal(fields.currency, value).reason is Reason.CURRENCY_INVALID


@pytest.mark.parametrize(
    ("value", "expected"), [("", None), ("53.7997", Decimal("53.7997")), ("-90", Decimal(-90)), ("0", Decimal(0))]
)
def test_coordinates_are_exact_decimals(value: str, expected: Decimal | None) -> None:
    """Empty when unknown."""
    assert fields.coordinate(value, "a.path", most=90) == expected


@pytest.mark.parametrize("value", ["90.1", "-91", "1e1", "NaN", "Infinity", "+1", "1.", ".5", "\u0665", "1.0000000001"])
def test_other_coordinates_are_refused(value: str) -> None:
    """No exponents, no words, nothing beyond the pole."""
    refusal(fields.coordinate, value, most=90)


@pytest.mark.parametrize("value", ["", "http://wms:8080/api", "https://wms.example/a?b=c", "http://[::1]:9"])
def test_web_addresses_are_taken(value: str) -> None:
    """Or none."""
    assert fields.web_address(value, "a.path") == value


@pytest.mark.parametrize(
    "value",
    [
        "ftp://a",
        "wms",
        "//a",
        "http://",
        "http://u:p@a",
        "http://a#b",
        "http://a:99999",
        "file:///etc/passwd",
        " http://a",
        "http://a\n",
    ],
)
def test_other_web_addresses_are_refused(value: str) -> None:
    """No user in them: secrets have their own field."""
    refusal(fields.web_address, value)


@given(st.text(max_size=50))
def test_no_text_breaks_a_check(value: str) -> None:
    """Each check answers with its value or a Permanent, whatever it is given."""
    for check in (
        fields.slug,
        fields.label,
        fields.time_zone,
        fields.closing_time,
        fields.currency,
        fields.country,
        fields.web_address,
    ):
        with contextlib.suppress(Permanent):
            check(value, "a.path")


@pytest.mark.parametrize("value", ["96385074", "036000291452", "4006381333931", "10614141000415"])
def test_gtins_with_a_right_check_digit_are_taken(value: str) -> None:
    """Of 8, 12, 13 and 14 digits."""
    assert checked_gtin(value, "a.path") == value


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size)),
    st.integers(1, 9),
)
def test_of_ten_last_digits_one_is_right(digits: str, off: int) -> None:
    """And the refusal says which."""
    right = check_digit(digits)
    assert checked_gtin(f"{digits}{right}", "a.path")
    assert f" {right};" in refusal(checked_gtin, f"{digits}{(right + off) % 10}").sentence


@pytest.mark.parametrize(
    "value", ["", "123", "400638133393 ", "\uff14006381333931", "40063813339311", "4006381333931x"]
)
def test_other_gtins_are_refused(value: str) -> None:
    """Digits of ASCII only."""
    refusal(checked_gtin, value)
