"""Rooms that hold too much or nothing by name: Python files in; grab-bag names, oversize files and empty docstrings out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from checks.smells.finding import Finding
from checks.smells.syntax import definitions
from checks.smells.tree import Source, Tree

LONGEST_FILE = 300
GRAB_BAG = re.compile(r"^_?(.*_)?(utils?|helpers?|common|shared|base|misc|stuff|managers?)$")
GRAB_BAG_CLASS = re.compile(r"(Utils?|Helpers?|Manager)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z0-9]+")
_FILLER = frozenset("a an and class for function is method module of the this to".split())


def find(tree: Tree) -> Iterator[Finding]:
    """Yield names that say nothing, files of two jobs, and docstrings that are missing or repeat the name."""
    for source in tree.python():
        yield from _names(source)
        yield from _size(source)
        yield from _docstrings(source)


def _names(source: Source) -> Iterator[Finding]:
    advice = "a grab-bag collects what belongs elsewhere; name it for the one job it does"
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if GRAB_BAG.match(part):
            yield Finding(source.path, 1, "grab-bag", f"`{part}`: {advice}")
    for node in definitions(source.nodes):
        if isinstance(node, ast.ClassDef) and GRAB_BAG_CLASS.search(node.name):
            yield Finding(source.path, node.lineno, "grab-bag", f"`{node.name}`: {advice}")


def _size(source: Source) -> Iterator[Finding]:
    if len(source.lines) > LONGEST_FILE:
        advice = f"{len(source.lines)} lines, {LONGEST_FILE} are the most; two jobs live here, split by role"
        yield Finding(source.path, LONGEST_FILE + 1, "too long", advice)


def _docstrings(source: Source) -> Iterator[Finding]:
    if source.text.strip():
        first = (ast.get_docstring(source.syntax, clean=False) or "").split("\n", 1)[0].strip()
        if not first:
            advice = "start with a docstring: what comes in, what goes out, what it promises"
            yield Finding(source.path, 1, "no promise", advice)
    for node in definitions(source.nodes):
        docstring = ast.get_docstring(node) or ""
        words = set(_WORD.findall(docstring.lower())) - _FILLER
        name = set(_WORD.findall(_CAMEL.sub("_", node.name).lower()))
        if docstring and words <= _stems(name):
            advice = (
                f"the docstring of `{node.name}` repeats its name; say shape, unit, error or reason, or leave it out"
            )
            yield Finding(source.path, node.lineno, "echo", advice)


def _stems(words: set[str]) -> set[str]:
    return words | {f"{word}s" for word in words} | {word.removesuffix("s") for word in words}
