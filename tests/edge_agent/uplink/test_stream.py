"""The way up over a line in memory: the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.uplink import UplinkContract
from tests.fakes.memory_line import MemoryLine
from tests.lane import Lane, open_lane


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(tmp_path) as opened:
        yield opened


@pytest.fixture
async def transport(lane: Lane) -> AsyncIterator[MemoryLine]:
    async with lane.by_memory() as line:
        yield line


class TestUplinkInMemory(UplinkContract):
    """The contract over a line in memory."""
