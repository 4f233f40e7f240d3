"""A vendor's folder owes its manifest, its page and its contract test, and leaves its siblings alone."""

from __future__ import annotations

from pathlib import Path

from checks.smells.tree import Tree
from checks.smells.vendors import find


def write(root: Path, path: str, text: str = '"""Bytes in, facts out."""\n') -> None:
    """Write one file of the scratch tree."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def complete_vendor(root: Path, vendor: str) -> None:
    """Write all that a vendor's folder owes."""
    write(root, f"adapters/pos/{vendor}/codec.py")
    write(root, f"adapters/pos/{vendor}/manifest.toml", "")
    write(root, f"adapters/pos/{vendor}/README.md", "")
    write(root, f"tests/adapters/pos/test_{vendor}.py", "from tests.contracts.pos_dialect import Suite\n")


def test_a_complete_folder_is_left_alone(tmp_path: Path) -> None:
    complete_vendor(tmp_path, "acme")
    assert list(find(Tree(tmp_path))) == []


def test_each_missing_part_is_named(tmp_path: Path) -> None:
    write(tmp_path, "adapters/pos/acme/codec.py")
    found = sorted(finding.path for finding in find(Tree(tmp_path)))
    assert found == ["adapters/pos/acme", "adapters/pos/acme/README.md", "adapters/pos/acme/manifest.toml"]


def test_a_test_that_inherits_no_suite_is_no_contract_test(tmp_path: Path) -> None:
    complete_vendor(tmp_path, "acme")
    write(tmp_path, "tests/adapters/pos/test_acme.py", "import adapters\n")
    assert [finding.path for finding in find(Tree(tmp_path))] == ["adapters/pos/acme"]


def test_a_vendor_that_imports_its_sibling_is_named(tmp_path: Path) -> None:
    complete_vendor(tmp_path, "acme")
    complete_vendor(tmp_path, "zenith")
    write(tmp_path, "adapters/pos/acme/mapping.py", "from adapters.pos.zenith.codec import Sale\n")
    assert [(finding.path, finding.line) for finding in find(Tree(tmp_path))] == [("adapters/pos/acme/mapping.py", 1)]


def test_a_vendor_may_use_the_contract_of_its_family(tmp_path: Path) -> None:
    complete_vendor(tmp_path, "acme")
    write(tmp_path, "adapters/pos/acme/mapping.py", "from adapters.pos.contract import Reading\n")
    assert list(find(Tree(tmp_path))) == []
