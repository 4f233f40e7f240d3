"""The import rules bite: in a small house of the same rooms, each forbidden import breaks exactly the contract that names it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "adapters/canonical",
    "adapters/errors",
    "adapters/mapping/rules",
    "adapters/pos",
    "adapters/reasons",
    "adapters/seams",
    "adapters/wms",
    "core_service/dispatch",
    "core_service/domain",
    "core_service/fleet",
    "core_service/grpc_api",
    "core_service/pipeline",
    "core_service/ports",
    "edge_agent/app",
    "edge_agent/cache",
    "edge_agent/intake",
    "edge_agent/journal",
    "edge_agent/ports",
    "edge_agent/uplink",
    "edge_agent/watch",
    "tillstream/edge",
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a folder with the same rooms, all empty, under the same rules."""
    for room in ROOMS:
        folder = tmp_path / room
        folder.mkdir(parents=True)
        for package in (folder, *folder.parents):
            if package == tmp_path:
                break
            (package / "__init__.py").touch()
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def judged(house: Path) -> tuple[int, str]:
    """Return exit code and text of import-linter about the house."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_orderly_house_keeps_every_contract(house: Path) -> None:
    (house / "edge_agent/uplink/wire.py").write_text("import tillstream.edge\n")
    (house / "core_service/grpc_api/servicer.py").write_text("import tillstream.edge\nimport grpc\n")
    (house / "edge_agent/uplink/stream.py").write_text(
        "import grpc\nfrom edge_agent import journal\nfrom adapters import canonical\n"
    )
    assert judged(house)[0] == 0, judged(house)[1]


@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        ("edge_agent/uplink/stream.py", "import tillstream.edge", "Generated code stays"),
        ("core_service/pipeline/ingest.py", "import tillstream.edge", "Generated code stays"),
        ("adapters/pos/registry.py", "import tillstream.edge", "Adapters know neither"),
        ("adapters/pos/registry.py", "import edge_agent.journal", "Adapters know neither"),
        ("adapters/pos/registry.py", "import adapters.wms", "Inside adapters"),
        ("adapters/canonical/sale.py", "import adapters.seams", "Inside adapters"),
        ("adapters/canonical/sale.py", "import sqlite3", "Canonical facts"),
        ("core_service/domain/order.py", "import adapters.errors, asyncio", "Canonical facts"),
        ("core_service/domain/order.py", "import core_service.ports", "Inside the core"),
        ("core_service/fleet/roster.py", "import core_service.dispatch", "Inside the core"),
        ("core_service/utils.py", "", "Inside the core"),
        ("edge_agent/intake/rest.py", "import edge_agent.uplink", "Inside the agent"),
        ("edge_agent/journal/store.py", "import edge_agent.cache", "Inside the agent"),
        ("edge_agent/extra.py", "", "Inside the agent"),
        ("edge_agent/intake/rest.py", "import core_service.domain", "The two processes"),
        ("edge_agent/intake/rest.py", "import pydantic", "The agent stays small"),
        ("edge_agent/intake/rest.py", "import adapters.mapping.rules", "The agent stays small"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(house: Path, place: str, line: str, contract: str) -> None:
    (house / place).write_text(f"{line}\n")
    code, text = judged(house)
    assert code == 1
    assert any(said.startswith(contract) and said.endswith("BROKEN") for said in text.splitlines()), text
