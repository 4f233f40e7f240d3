"""The tree under check: a root folder in, its own text files out, each read and parsed at most once."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

OUTSIDE = frozenset({"__pycache__", "build", "dist", "node_modules", "var"})
HIDDEN_BUT_OURS = frozenset({".ci", ".github"})
TEXT = frozenset(
    "cfg css html ini js json lock md proto py service sh sql svg tmpl toml txt xml yaml yml".split(),
)


@dataclass(frozen=True)
class Source:
    """One text file; `path` is relative to the root, with `/` between its parts."""

    path: str
    file: Path

    @cached_property
    def text(self) -> str:
        """Return the file's text; a byte that is no UTF-8 becomes a replacement character."""
        return self.file.read_text(encoding="utf-8", errors="replace")

    @cached_property
    def lines(self) -> list[str]:
        """Return the file's lines."""
        return self.text.splitlines()

    @cached_property
    def syntax(self) -> ast.Module:
        """Return the parsed module; an empty one where Python cannot read it, which ruff reports better."""
        try:
            return ast.parse(self.text)
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Return every node of the parsed module."""
        return list(ast.walk(self.syntax))

    @property
    def is_python(self) -> bool:
        """Say whether this is a Python file written by hand."""
        return self.path.endswith(".py") and not self.is_generated

    @property
    def is_generated(self) -> bool:
        """Say whether protoc wrote this file."""
        return fnmatchcase(self.path, "proto/*_pb2*.py*")

    @property
    def is_product(self) -> bool:
        """Say whether this file ships in one of the rooms."""
        return self.path.startswith(("adapters/", "edge_agent/", "core_service/"))

    @property
    def is_test(self) -> bool:
        """Say whether this file is a test or serves tests."""
        return self.path.startswith("tests/")

    def matches(self, *patterns: str) -> bool:
        """Say whether the path fits one of the patterns; `*` also spans `/`."""
        return any(fnmatchcase(self.path, pattern) for pattern in patterns)


class Tree:
    """All text files of a checkout, in the order of their paths; caches and environments are left out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sources = sorted(self._read(), key=lambda source: source.path)

    def python(self) -> list[Source]:
        """Return the Python files written by hand."""
        return [source for source in self.sources if source.is_python]

    def product(self) -> list[Source]:
        """Return the product's own Python files."""
        return [source for source in self.python() if source.is_product]

    def _read(self) -> Iterator[Source]:
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if _is_inside(name)]
            for name in files:
                file = Path(folder, name)
                if _is_text(name) and file.is_file():
                    yield Source(file.relative_to(self.root).as_posix(), file)


def _is_inside(folder: str) -> bool:
    if folder.startswith("."):
        return folder in HIDDEN_BUT_OURS
    return folder not in OUTSIDE and not folder.endswith(".egg-info")


def _is_text(name: str) -> bool:
    stem, dot, suffix = name.rpartition(".")
    return not (dot and stem) or suffix in TEXT
