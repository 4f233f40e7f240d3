"""A scratch tree for the smells: files written in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.smells.__main__ import findings
from checks.smells.tree import Tree

Smell = Callable[[str, str], list[tuple[str, int]]]


@pytest.fixture
def smell(tmp_path: Path) -> Smell:
    """Return a function that writes one file into a scratch tree and returns smell and line of every finding about it."""

    def write_and_look(path: str, text: str) -> list[tuple[str, int]]:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return [(found.smell, found.line) for found in findings(Tree(tmp_path)) if found.path == path]

    return write_and_look
