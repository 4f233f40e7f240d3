"""Names of facts are the same for the same fact and never for another."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.key import BusinessKey, derived_id, fingerprint, length_prefixed

PARTS = st.lists(st.binary(max_size=6), max_size=5)


@given(left=PARTS, right=PARTS)
def test_two_lists_of_parts_never_give_the_same_bytes(left: list[bytes], right: list[bytes]) -> None:
    assert (length_prefixed(*left) == length_prefixed(*right)) == (left == right)


@given(fields=st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_a_fingerprint_depends_on_fields_and_their_order_only(fields: list[str]) -> None:
    assert fingerprint(*fields) == fingerprint(*fields)
    assert len(fingerprint(*fields)) == 32
    moved = [*fields[1:], fields[0]]
    assert (fingerprint(*moved) == fingerprint(*fields)) == (moved == fields)
    assert fingerprint(*fields, "") != fingerprint(*fields)


@given(parts=st.lists(st.text(max_size=8) | st.integers(), min_size=1, max_size=4))
def test_a_derived_id_is_short_and_readable_and_the_same_for_ever(parts: list[str | int]) -> None:
    found = derived_id("ord", *parts)
    assert re.fullmatch(r"ord_[a-z2-7]{26}", found)
    assert derived_id("ord", *parts) == found
    assert derived_id("sal", *parts) != found


def test_an_id_of_today_is_that_of_tomorrow() -> None:
    """Ids are on record: a change of the derivation would ship things twice."""
    assert derived_id("ord", "acme", "till/leeds/1", "2026-01-05/1001") == "ord_xmtrvuzwaln7w3ibuxgoakbju3"


def test_a_name_leaves_the_revision_out() -> None:
    key = BusinessKey(kind="sale", source="leeds/1", reference="7", revision=3, fingerprint=b"", fingerprint_version=1)
    assert key.name == ("sale", "leeds/1", "7")
