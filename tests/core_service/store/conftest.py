"""What tests of the store may take: a clock, and a migrated empty database to copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adapters.seams.clock import VirtualClock
from core_service.store import migrate


@pytest.fixture
def clock() -> VirtualClock:
    """Return the clock of the store under test."""
    return VirtualClock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated, empty database file; copy it, do not open it."""
    path = tmp_path_factory.mktemp("migrated") / "core.db"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def url(migrated: Path, tmp_path: Path) -> str:
    """Return the URL of a migrated, empty database of the test's own."""
    path = tmp_path / "core.db"
    shutil.copy(migrated, path)
    return f"sqlite+aiosqlite:///{path}"
