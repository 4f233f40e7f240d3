"""Print every smell of the tree as `file:line: smell: what to do`; exit 1 when there is one. A folder may be given instead of this checkout."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from checks.smells import bounds, links, order, purity, refusals, shape, vendors, wire, words
from checks.smells.finding import Finding
from checks.smells.tree import Tree

FAMILIES = (bounds, links, order, purity, refusals, shape, vendors, wire, words)
_WAIVER = re.compile(r"(?:#|--|//) smell: (?P<smell>[a-z -]+?) - (?P<reason>\S.{9,})")


def findings(tree: Tree) -> list[Finding]:
    """Return the findings of all families that no waiver covers, in the order of the tree."""
    found = (finding for family in FAMILIES for finding in family.find(tree))
    return sorted(set(_unwaived(tree, found)))


def _unwaived(tree: Tree, found: Iterable[Finding]) -> Iterable[Finding]:
    sources = {source.path: source for source in tree.sources}
    for finding in found:
        source = sources.get(finding.path)
        if not (source and finding.smell in _waived(source.lines, finding.line)):
            yield finding


def _waived(lines: list[str], number: int) -> set[str]:
    """Return the smells waived for a line: at its end, or in a comment of its own just above."""
    above = lines[number - 2].strip() if number > 1 else ""
    near = [*lines[number - 1 : number], above if above.startswith(("#", "--", "//")) else ""]
    return {waiver["smell"] for line in near if (waiver := _WAIVER.search(line))}


def main() -> int:
    """Check the tree and return the exit code."""
    root = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parents[2]
    found = findings(Tree(root))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
