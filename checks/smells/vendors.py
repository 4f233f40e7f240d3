"""Adapter folders: the families of adapters in; vendors without contract test, manifest or page, or that know each other, out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from checks.smells.finding import Finding
from checks.smells.syntax import imports
from checks.smells.tree import Tree

FAMILIES = ("pos", "channels", "wms", "reviews", "payments", "carriers", "erp")
EXPECTED = {
    "manifest.toml": "say name, version and features there",
    "README.md": "say there how one real account or till is connected, and what breaks how",
}


def find(tree: Tree) -> Iterator[Finding]:
    """Yield what a vendor's folder owes."""
    for family in FAMILIES:
        folder = tree.root / "adapters" / family
        for vendor in sorted(folder.iterdir()) if folder.is_dir() else []:
            if any(vendor.glob("*.py")):
                yield from _owed(tree, family, vendor)
        yield from _strangers(tree, family)


def _owed(tree: Tree, family: str, vendor: Path) -> Iterator[Finding]:
    place = f"adapters/{family}/{vendor.name}"
    for name, advice in EXPECTED.items():
        if not (vendor / name).is_file():
            yield Finding(f"{place}/{name}", 1, "vendor", f"is missing; {advice}")
    beginning = f"tests/adapters/{family}/"
    tests = [source for source in tree.python() if source.path.startswith(beginning) and vendor.name in source.path]
    if not any("tests.contracts" in test.text for test in tests):
        advice = (
            f"has no contract test; inherit the family's suite of tests/contracts in {beginning}test_{vendor.name}.py"
        )
        yield Finding(place, 1, "vendor", advice)


def _strangers(tree: Tree, family: str) -> Iterator[Finding]:
    """Yield imports from one vendor's folder into a sibling's."""
    package = f"adapters.{family}."
    vendors = {folder.name for folder in (tree.root / "adapters" / family).glob("*/") if any(folder.glob("*.py"))}
    for source in tree.product():
        parts = source.path.split("/")
        if parts[:2] != ["adapters", family] or parts[2] not in vendors:
            continue
        for line, name in imports(source.nodes):
            other = name.removeprefix(package).split(".")[0] if name.startswith(package) else ""
            if other in vendors - {parts[2]}:
                advice = (
                    f"vendors do not know each other; what `{other}` also needs belongs to contract.py or canonical"
                )
                yield Finding(source.path, line, "vendor", advice)
