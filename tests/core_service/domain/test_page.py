"""Page tokens bring back the place they were made of, for their own filter only; any other text is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.domain.page import PageTokenInvalid, page_token, read_page_token

FILTER = st.lists(st.text(max_size=20), max_size=4)


STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
STORED = st.integers(min_value=-(2**62), max_value=2**62)


@given(which=FILTER, number=STORED, text=STORABLE)
def test_a_token_brings_back_its_place(which: list[str], number: int, text: str):
    assert read_page_token(which, page_token(which, (number, text)), (int, str)) == (number, text)


@given(which=FILTER, other=FILTER)
def test_a_token_of_another_filter_is_refused(which: list[str], other: list[str]):
    token = page_token(which, (1, "a"))
    if which == other:
        return
    with pytest.raises(PageTokenInvalid):
        read_page_token(other, token, (int, str))


@given(text=st.text(max_size=300))
def test_any_other_text_is_refused(text: str):
    with pytest.raises(PageTokenInvalid):
        read_page_token(["x"], text, (int, str))


def test_a_token_of_another_shape_is_refused():
    with pytest.raises(PageTokenInvalid):
        read_page_token(["x"], page_token(["x"], (True, "a")), (int, str))
    with pytest.raises(PageTokenInvalid):
        read_page_token(["x"], page_token(["x"], ("a",)), (int, str))


@pytest.mark.parametrize("mark", [(2**80, "a"), (1, "a\0b")])
def test_a_place_that_no_database_holds_is_refused(mark: tuple[int, str]):
    with pytest.raises(PageTokenInvalid):
        read_page_token(["x"], page_token(["x"], mark), (int, str))
