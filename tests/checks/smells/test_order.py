"""A loop that takes its order from a set is found; one over a sorted or ordered collection is not."""

from __future__ import annotations

import pytest

from tests.checks.smells.conftest import Smell

ROOM = "core_service/pipeline/ingest.py"
PROMISE = '"""Entries in, records out."""\n'


@pytest.mark.parametrize(
    "line", ["for sku in {one, two}: book(sku)", "for sku in set(skus): book(sku)", "[sku for sku in frozenset(skus)]"]
)
def test_a_loop_over_a_set_is_named(smell: Smell, line: str) -> None:
    assert smell(ROOM, f"{PROMISE}{line}\n") == [("unordered", 2)]


@pytest.mark.parametrize(
    "line",
    [
        "for sku in sorted(set(skus)): book(sku)",
        "total = {sku for sku in set(skus)}",
        "for sku in (one, two): book(sku)",
    ],
)
def test_sorted_loops_and_sets_from_sets_are_fine(smell: Smell, line: str) -> None:
    assert smell(ROOM, f"{PROMISE}{line}\n") == []
