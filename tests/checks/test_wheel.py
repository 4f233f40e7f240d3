"""What ships is all of the product and nothing else: a wheel is built from this checkout and held against its folders."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"adapters": ROOT, "core_service": ROOT, "edge_agent": ROOT, "tillstream": ROOT / "proto"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the names of all files in the wheel."""
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_file_of_a_room_ships(shipped: list[str], room: str) -> None:
    here = {path.relative_to(ROOMS[room]).as_posix() for path in (ROOMS[room] / room).rglob("*") if path.is_file()}
    assert {name for name in here if "__pycache__" not in name} <= set(shipped)
    assert f"{room}/py.typed" in shipped


def test_nothing_but_the_rooms_ships(shipped: list[str]) -> None:
    beginnings = {name.split("/")[0] for name in shipped}
    assert {name for name in beginnings if not name.endswith(".dist-info")} == set(ROOMS)


def test_the_two_commands_and_the_licence_ship(shipped: list[str]) -> None:
    assert any(name.endswith("entry_points.txt") for name in shipped)
    assert any(name.endswith("licenses/LICENSE") for name in shipped)
