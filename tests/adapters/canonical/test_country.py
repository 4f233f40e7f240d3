"""A country is one that ISO 3166-1 has assigned, and nothing that only looks like it."""

from __future__ import annotations

import pytest

from adapters.canonical.country import is_country


@pytest.mark.parametrize("code", ["GB", "DE", "US", "XK", "SS", "CW"])
def test_assigned_codes_are_countries(code: str) -> None:
    assert is_country(code)


@pytest.mark.parametrize("code", ["", "gb", "UK", "ZZ", "EU", "GBR", "AN", "SU", "G", "\uff27\uff22", "GB "])
def test_withdrawn_reserved_and_misspelt_codes_are_not(code: str) -> None:
    assert not is_country(code)
