"""Small questions about parsed Python: a node in, a name or place out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def line_of(node: ast.AST) -> int:
    """Return the line a node starts on, 1 for nodes without a place."""
    return int(getattr(node, "lineno", 1))


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for names and attributes, else the empty text; an unknown beginning is left out (`.b.c`)."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imports(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything imported: `a.b` for `import a.b`, `a.b.c` for `from a.b import c`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def definitions(nodes: list[ast.AST]) -> Iterator[Definition]:
    """Yield every class and function."""
    return (node for node in nodes if isinstance(node, Definition))
