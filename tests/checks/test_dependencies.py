"""An import that a store's box could not satisfy is found in this checkout, where everything is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.dependencies import declarations, undeclared
from checks.smells.tree import Tree

DECLARED = {"edge": frozenset({"msgspec"}), "core": frozenset({"msgspec", "httpx2"})}


def found(root: Path, path: str, line: str) -> list[str]:
    """Write one line of Python and return the smells found about it."""
    file = root / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{line}\n")
    return [finding.smell for finding in undeclared(Tree(root), DECLARED)]


@pytest.mark.parametrize("room", ["edge_agent/till", "adapters/pos/acme", "adapters/seams"])
def test_the_edge_may_not_import_what_only_the_core_declares(tmp_path: Path, room: str) -> None:
    assert found(tmp_path, f"{room}/lookup.py", "import httpx2") == ["undeclared"]


@pytest.mark.parametrize("room", ["core_service/dispatch", "adapters/wms/acme"])
def test_the_core_may_import_what_it_declares(tmp_path: Path, room: str) -> None:
    assert found(tmp_path, f"{room}/client.py", "import httpx2") == []


def test_a_transitive_part_is_not_a_declared_one(tmp_path: Path) -> None:
    assert found(tmp_path, "core_service/dispatch/client.py", "from anyio import to_thread") == ["undeclared"]


@pytest.mark.parametrize("line", ["import json", "from edge_agent.ports import Journal", "from msgspec import Struct"])
def test_our_own_the_standard_and_the_declared_are_fine(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, "edge_agent/till/lookup.py", line) == []


@pytest.mark.parametrize("outside", ["demo", "tests", "bench", "checks"])
def test_the_product_never_imports_what_does_not_ship(tmp_path: Path, outside: str) -> None:
    assert found(tmp_path, "core_service/app.py", f"from {outside}.chain import Chain") == ["not shipped"]


def test_declarations_are_read_by_process() -> None:
    project = {
        "dependencies": ["a>=1"],
        "optional-dependencies": {"edge": ["B_b[x]"], "core": ["c; sys_platform == 'linux'"]},
    }
    assert declarations(project) == {"edge": frozenset({"a", "b-b"}), "core": frozenset({"a", "c"})}
