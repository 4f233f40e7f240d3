"""Pages that point nowhere: Markdown files in, relative links whose target does not exist out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from checks.smells.finding import Finding
from checks.smells.tree import Source, Tree

_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|#)")


def find(tree: Tree) -> Iterator[Finding]:
    """Yield links to files that are not there."""
    for source in tree.sources:
        if source.path.endswith(".md"):
            yield from _broken(tree, source)


def _broken(tree: Tree, source: Source) -> Iterator[Finding]:
    folder = tree.root / PurePosixPath(source.path).parent
    for number, line in enumerate(source.lines, 1):
        for link in _LINK.finditer(line):
            target = link["target"].split("#")[0]
            if not _ELSEWHERE.match(link["target"]) and not (folder / target).exists():
                yield Finding(
                    source.path, number, "broken link", f"`{target}` does not exist; write it, or mend the link"
                )
