"""Queues without an end: product files in, every unbounded queue out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checks.smells.finding import Finding
from checks.smells.syntax import dotted
from checks.smells.tree import Source, Tree

QUEUES = frozenset({"Queue", "LifoQueue", "PriorityQueue"})


def find(tree: Tree) -> Iterator[Finding]:
    """Yield queues and deques that may grow without bound."""
    for source in tree.product():
        for node in source.nodes:
            if isinstance(node, ast.Call) and (advice := _unbounded(node)):
                yield Finding(source.path, node.lineno, "unbounded", advice)
        yield from _simple_queues(source)


def _unbounded(call: ast.Call) -> str:
    function = call.func.value if isinstance(call.func, ast.Subscript) else call.func
    name = dotted(function).rpartition(".")[2]
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in QUEUES and _is_nothing([*call.args, given.get("maxsize")][0]):
        return f"`{name}()` grows for ever; give `maxsize` and say what happens when it is full"
    if name == "deque" and len(call.args) < len(("iterable", "maxlen")) and "maxlen" not in given:
        return "`deque()` grows for ever; give `maxlen`, or waive with what bounds it"
    return ""


def _is_nothing(size: ast.expr | None) -> bool:
    return size is None or (isinstance(size, ast.Constant) and not size.value)


def _simple_queues(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute | ast.Name) and dotted(node).rpartition(".")[2] == "SimpleQueue":
            yield Finding(
                source.path, node.lineno, "unbounded", "`SimpleQueue` cannot be bounded; use a Queue with `maxsize`"
            )
