"""Words that must not stand in the tree: all text files in; open ends, foreign paths, SQL clocks and waived tests out.

The patterns are written so that they do not find themselves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checks.smells.finding import Finding
from checks.smells.syntax import dotted
from checks.smells.tree import Source, Tree

_OPEN_END = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r])\b")
_FOREIGN = re.compile(
    r"(?:^|[^a-z.\w])/(?:wor[k]|far[m])(?:/|\b)|files\.pythonhoste[d]|far[m]-(?:bench|studio)|pypi\.or[g]|\.librar[y]/|/roo[t]/\.",
)
_SQL_CLOCK = re.compile(r"\b(?:CURRENT_TIMESTAM[P]|NOW\(\)|now\(\)|datetime\('no[w]'|strftime\([^)]*'no[w]')")
_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|DEFAULT|VALUES|WHERE)\b")
_CODE = (".py", ".proto", ".sql", ".sh", ".toml", ".yaml", ".yml", "Makefile", "/run")
_SLEEPS = frozenset({"asyncio.sleep", "time.sleep"})
_SKIPS = frozenset(
    {
        "pytest.skip",
        "pytest.importorskip",
        "pytest.xfail",
        "pytest.mark.skip",
        "pytest.mark.skipif",
        "pytest.mark.xfail",
    }
)


def find(tree: Tree) -> Iterator[Finding]:
    """Yield words that promise work undone, name foreign places, or hide a clock or a skipped test."""
    for source in tree.sources:
        if not source.is_generated:
            yield from _everywhere(source)
        if source.path.endswith(".sql"):
            yield from _sql_clocks(source, enumerate(source.lines, 1))
    for source in tree.product():
        yield from _sql_clocks(source, _sql_texts(source))
    for source in tree.python():
        if source.is_test:
            yield from _tests(source)


def _everywhere(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.lines, 1):
        if source.path.endswith(_CODE) and (found := _OPEN_END.search(line)):
            yield Finding(source.path, number, "open end", f"`{found[1]}`: finish it, or file it as an issue")
        if found := _FOREIGN.search(line):
            yield Finding(
                source.path, number, "foreign", f"`{found[0].strip()}` exists on one machine only; name no such place"
            )


def _sql_texts(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
            yield node.lineno, node.value
        if isinstance(node, ast.Call) and dotted(node.func) in {"func.now", "sa.func.now", "func.current_timestamp"}:
            yield node.lineno, "now()"


def _sql_clocks(source: Source, texts: Iterator[tuple[int, str]]) -> Iterator[Finding]:
    for number, text in texts:
        if _SQL_CLOCK.search(text):
            advice = "the database's clock is not injected; pass the moment as a parameter"
            yield Finding(source.path, number, "hidden clock", advice)


def _tests(source: Source) -> Iterator[Finding]:
    polling = {id(inner) for node in source.nodes if isinstance(node, ast.While) for inner in ast.walk(node)}
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and dotted(node) in _SKIPS:
            advice = f"`{dotted(node)}`: a test passes, fails or does not exist; start the part it needs"
            yield Finding(source.path, node.lineno, "skipped", advice)
        if (
            isinstance(node, ast.Call)
            and dotted(node.func) in _SLEEPS
            and not _is_yield(node)
            and id(node) not in polling
        ):
            advice = "sleeping hopes; wait for the condition with tests.eventually.eventually"
            yield Finding(source.path, node.lineno, "sleep", advice)


def _is_yield(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
