"""Purity lost: the rooms that the design calls PURE in; imports, words and floats that let the world in out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checks.smells.finding import Finding
from checks.smells.syntax import dotted, imports, line_of
from checks.smells.tree import Source, Tree

PURE = (
    "adapters/canonical/*.py",
    "adapters/strict.py",
    "adapters/masking.py",
    "adapters/reasons.py",
    "adapters/reason_advice.py",
    "adapters/*/*/codec.py",
    "adapters/*/*/mapping.py",
    "core_service/domain/*.py",
    "core_service/downlink/size.py",
    "core_service/intake/credit.py",
    "core_service/pipeline/route.py",
    "core_service/work/retry.py",
    "edge_agent/cache/promotions.py",
    "edge_agent/cache/stock.py",
    "edge_agent/identity/rotation.py",
    "edge_agent/journal/retention.py",
    "edge_agent/uplink/window.py",
    "edge_agent/watch/revision.py",
)
MONEY = (
    "adapters/canonical/*.py",
    "adapters/strict.py",
    "adapters/*/*/codec.py",
    "adapters/*/*/mapping.py",
    "core_service/domain/order.py",
    "core_service/pipeline/book.py",
    "core_service/pipeline/normalise.py",
    "core_service/pipeline/reserve.py",
    "core_service/pipeline/rights.py",
    "core_service/pipeline/validate.py",
)
WORLD = frozenset(
    """aiosqlite alembic apsw asyncio fastapi grpc http httpx2 multiprocessing paho psycopg random requests secrets select
    socket sqlalchemy sqlite3 ssl starlette subprocess threading tillstream time urllib.request uuid uvicorn""".split()
)
WORLDLY_CALLS = frozenset({"open", "print", "input"})
WORLDLY_ENDINGS = (".now", ".utcnow", ".today", ".monotonic", ".token", ".getenv", ".read_text", ".read_bytes")


def find(tree: Tree) -> Iterator[Finding]:
    """Yield what lets the world into pure modules, and floats into rooms of money and quantities."""
    for source in tree.product():
        if source.matches(*PURE):
            yield from _impure(source)
        if source.matches(*MONEY):
            yield from _floats(source)


def _impure(source: Source) -> Iterator[Finding]:
    for line, name in imports(source.nodes):
        if any(name == part or name.startswith(f"{part}.") for part in WORLD):
            yield Finding(
                source.path, line, "impure", f"`{name}` is input or output; let a shell call this module with values"
            )
    for node in source.nodes:
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield Finding(
                source.path, line_of(node), "impure", "a pure module never waits; move the waiting to its caller"
            )
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in WORLDLY_CALLS or name.endswith(WORLDLY_ENDINGS):
                advice = f"`{name}()` reads the world; take its result as an argument (`now`, ids, bytes)"
                yield Finding(source.path, node.lineno, "impure", advice)


def _floats(source: Source) -> Iterator[Finding]:
    advice = "money is adapters.canonical.money.Money, a quantity is a Decimal; no float touches either"
    for node in source.nodes:
        is_type = isinstance(node, ast.Name) and node.id == "float"
        is_number = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if is_type or is_number:
            yield Finding(source.path, line_of(node), "float", advice)
