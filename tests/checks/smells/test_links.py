"""A page's links lead somewhere."""

from __future__ import annotations

import pytest

from tests.checks.smells.conftest import Smell


@pytest.mark.parametrize("target", ["missing.md", "docs/missing.md#part", "../outside.md"])
def test_a_link_to_nothing_is_named(smell: Smell, target: str) -> None:
    assert smell("README.md", f"# Tillstream\nSee [the page]({target}).\n") == [("broken link", 2)]


@pytest.mark.parametrize(
    "target", ["README.md", "#part", "README.md#part", "https://example.com/x.md", "mailto:a@example.com", "."]
)
def test_links_to_what_is_there_or_elsewhere_are_fine(smell: Smell, target: str) -> None:
    assert smell("README.md", f"See [the page]({target}).\n") == []
