"""Order that differs from run to run: product files in, loops straight over a set out; a seed must repeat a whole simulation."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checks.smells.finding import Finding
from checks.smells.syntax import dotted, line_of
from checks.smells.tree import Tree

SETS = frozenset({"set", "frozenset"})


def find(tree: Tree) -> Iterator[Finding]:
    """Yield loops and lists that take their order from a set."""
    for source in tree.product():
        for node in source.nodes:
            for iterated in _iterated(node):
                if _is_set(iterated):
                    advice = "a set has no order, so no two runs are alike; loop over sorted(...)"
                    yield Finding(source.path, line_of(iterated), "unordered", advice)


def _iterated(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.For | ast.AsyncFor):
        return [node.iter]
    if isinstance(node, ast.ListComp):
        return [generator.iter for generator in node.generators]
    return []


def _is_set(node: ast.expr) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Call) and dotted(node.func) in SETS)
