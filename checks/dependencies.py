"""What the product imports held against what it declares: its files and pyproject.toml in, one line per undeclared import out.

A store's box has only `dependencies` and the extra `edge`, a core only `dependencies` and the extra `core`; what tests find in .venv may be missing there.
Nothing that ships imports what stands outside the product.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checks.smells.finding import Finding
from checks.smells.syntax import imports
from checks.smells.tree import Source, Tree

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = frozenset({"bench", "checks", "demo", "tests"})
OURS = frozenset({"adapters", "core_service", "edge_agent", "tillstream"})
IN_THE_CORE = ("core_service/*", "adapters/*")
ON_THE_EDGE = ("edge_agent/*", "adapters/*")
CORE_ONLY = tuple(
    f"adapters/{family}/*" for family in ("carriers", "channels", "erp", "mapping", "payments", "reviews", "wms")
)


def undeclared(tree: Tree, declared: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Yield imports that a process has no right to; `declared` holds the canonical distribution names of `edge` and `core`."""
    distributions = packages_distributions()
    for source in tree.product():
        for line, name in imports(source.nodes):
            package = name.partition(".")[0]
            if package in OUTSIDE:
                yield Finding(
                    source.path,
                    line,
                    "not shipped",
                    f"`{package}` stands outside the product; move what you need into it",
                )
            elif package not in OURS and package not in sys.stdlib_module_names:
                yield from _missing(source, line, name, _providers(distributions, package), declared)


def _providers(distributions: Mapping[str, list[str]], package: str) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in distributions.get(package, [package]))


def _missing(
    source: Source, line: int, name: str, providers: frozenset[str], declared: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    for process, rooms, but in (("edge", ON_THE_EDGE, CORE_ONLY), ("core", IN_THE_CORE, ())):
        if source.matches(*rooms) and not source.matches(*but) and not providers & declared[process]:
            advice = (
                f"`{name}` is not among the dependencies of the {process}: declare it in pyproject.toml, or do without"
            )
            yield Finding(source.path, line, "undeclared", advice)


def declarations(project: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """Return the distributions that each process may import, from pyproject.toml's table `project`."""
    shared = project["dependencies"]
    extras = project["optional-dependencies"]
    assert isinstance(shared, list)
    assert isinstance(extras, dict)
    return {
        process: frozenset(canonicalize_name(Requirement(text).name) for text in [*shared, *extras[process]])
        for process in ("edge", "core")
    }


def main() -> int:
    """Print the findings and return the exit code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = sorted(undeclared(Tree(ROOT), declarations(project)))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
