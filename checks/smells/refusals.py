"""Refusals that refuse nothing: product files in, gRPC aborts that nobody awaits out (without `await` the handler runs on and answers)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checks.smells.finding import Finding
from checks.smells.tree import Tree

ABORTS = frozenset({"abort", "abort_with_status"})


def find(tree: Tree) -> Iterator[Finding]:
    """Yield calls of a context's abort that are not awaited where they stand."""
    for source in tree.product():
        awaited = {id(node.value) for node in source.nodes if isinstance(node, ast.Await)}
        for node in source.nodes:
            is_abort = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ABORTS
            if is_abort and id(node) not in awaited:
                advice = "without `await` the handler runs on and returns its data; write `await context.abort(...)`"
                yield Finding(source.path, getattr(node, "lineno", 1), "not refused", advice)
