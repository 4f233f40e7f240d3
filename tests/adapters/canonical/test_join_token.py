"""Join tokens survive copying, and nothing that is none passes for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.join_token import JoinToken, JoinTokenError, decode_join_token

TOKENS = st.builds(
    JoinToken,
    api_address=st.text(max_size=50),
    agents_address=st.text(max_size=50),
    secret=st.text(max_size=50),
    authorities=st.lists(st.binary(max_size=400), min_size=1, max_size=3).map(tuple),
)


@given(TOKENS)
def test_a_token_says_what_was_put_into_it(token: JoinToken) -> None:
    """Addresses, secret and authorities."""
    assert decode_join_token(token.encode()) == token


@given(TOKENS, st.integers(10, 60))
def test_line_breaks_and_blanks_of_copying_do_no_harm(token: JoinToken, width: int) -> None:
    """A terminal wraps the line."""
    text = token.encode()
    wrapped = "\n ".join(text[start : start + width] for start in range(0, len(text), width))
    assert decode_join_token(f"  {wrapped}\r\n") == token


@given(TOKENS, st.data())
def test_a_token_that_was_cut_or_mistyped_is_none(token: JoinToken, data: st.DataObject) -> None:
    """Any prefix, any changed character."""
    text = token.encode()
    place = data.draw(st.integers(5, len(text) - 1))
    other = data.draw(st.sampled_from([letter for letter in "AQgw09-_" if letter != text[place]]))
    for wrong in (text[:place], text[:place] + other + text[place + 1 :]):
        try:
            assert decode_join_token(wrong) == token  # only the unused bits of the last character may differ
        except JoinTokenError:
            continue
        assert place == len(text) - 1


@given(st.text(max_size=200))
def test_any_other_text_is_none(text: str) -> None:
    """And says why."""
    with pytest.raises(JoinTokenError) as refused:
        decode_join_token(text)
    assert str(refused.value)


def test_the_secret_does_not_show_in_messages() -> None:
    """A token that is logged by mistake tells only where it leads."""
    token = JoinToken(api_address="core:1", agents_address="core:2", secret="s3cret", authorities=(b"x",))
    assert "s3cret" not in repr(token)
