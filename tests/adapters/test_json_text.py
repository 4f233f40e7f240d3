"""Tokens of JSON text stand at the places and paths they say, for any document."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.json_text import Role, tokens, unescaped

_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=20,
)


def leaves(value: Any, path: str = "$") -> list[tuple[str, Any]]:
    """Return (path, value) of all that is no container, in order."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, f"{path}.{name}")]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, f"{path}[{index}]")]
    return [(path, value)]


@given(document=_DOCUMENTS, indent=st.sampled_from([None, 2]))
def test_every_value_is_found_at_its_path(document: Any, indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    found = [token for token in tokens(text) if token.role in {Role.STRING, Role.NUMBER, Role.WORD}]
    assert [(token.path, json.loads(text[token.start : token.end])) for token in found] == leaves(document)


@given(text=st.text(max_size=30), ascii_only=st.booleans())
def test_escapes_are_undone(text: str, ascii_only: bool) -> None:
    assert unescaped(json.dumps(text, ensure_ascii=ascii_only)) == text


def test_reading_stops_at_what_begins_no_token() -> None:
    assert [token.role for token in tokens('{"a": ?')] == [Role.OPEN, Role.KEY, Role.BROKEN]


def test_an_odd_name_is_shown_in_brackets_and_cut() -> None:
    path = [token.path for token in tokens(json.dumps({"odd name" + "x" * 50: 1}))][-2]
    assert path.startswith("$['odd name")
    assert len(path) < 60
