"""Pages: bounded, in order, and tokens that fit only their own listing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.page import page_token
from core_service.grpc_api.paging import read_page


@given(count=st.integers(0, 30), size=st.integers(1, 7))
def test_pages_together_are_the_listing(count: int, size: int) -> None:
    """Nothing is left out or shown twice, whatever the page size."""
    everything = [f"{number:03}" for number in range(count)]
    shown: list[str] = []
    token = ""
    while True:
        page = read_page(("things",), size, token)
        found = [name for name in everything if name > page.after[0]][: page.limit]
        part, token = page.cut(found, lambda name: (name,))
        assert len(part) <= size
        shown.extend(part)
        if not token:
            break
    assert shown == everything


@pytest.mark.parametrize("size", [-1, 501])
def test_a_page_has_1_to_500(size: int) -> None:
    """0 means 50."""
    assert read_page(("things",), 0, "").size == 50
    with pytest.raises(Permanent) as refused:
        read_page(("things",), size, "")
    assert (refused.value.reason, refused.value.path) == (Reason.FIELD_INVALID, "page_size")


@pytest.mark.parametrize(
    "token",
    ["x", "!!", page_token(("others",), ("a",)), page_token(("things",), ("a\0",)), page_token(("things",), (1,))],
)
def test_a_token_of_anything_else_is_refused(token: str) -> None:
    """Of another listing, made up, or with what no column stores."""
    with pytest.raises(Permanent) as refused:
        read_page(("things",), 10, token)
    assert (refused.value.reason, refused.value.path) == (Reason.PAGE_TOKEN_INVALID, "page_token")
