"""A pure room is told when the world gets in, and only then."""

from __future__ import annotations

import pytest

from tests.checks.smells.conftest import Smell

PURE = "adapters/canonical/thing.py"


@pytest.mark.parametrize(
    "line",
    [
        "import asyncio",
        "from sqlite3 import connect",
        "from tillstream.edge.v1 import entry_pb2",
        "from urllib.request import urlopen",
        "content = open(path)",
        "moment = clock.now()",
        "async def wait() -> None: ...",
    ],
)
def test_the_world_in_a_pure_module_is_named_with_its_line(smell: Smell, line: str) -> None:
    assert ("impure", 3) in smell(PURE, f'"""Facts in, facts out."""\n\n{line}\n')


def test_words_in_docstrings_and_comments_are_no_input_or_output(smell: Smell) -> None:
    assert smell(PURE, '"""Never calls open(path), asyncio.run() or time.time()."""\n# await nothing\n') == []


def test_a_shell_may_do_what_a_pure_module_may_not(smell: Smell) -> None:
    assert smell("edge_agent/journal/store.py", '"""Entries in, rows out."""\nimport asyncio\n') == []


@pytest.mark.parametrize("line", ["price: float = 0", "price = 1.5", "price = float(text)"])
def test_a_float_in_a_room_of_money_is_named(smell: Smell, line: str) -> None:
    assert ("float", 2) in smell("adapters/pos/acme/mapping.py", f'"""Vendor in, canonical out."""\n{line}\n')
