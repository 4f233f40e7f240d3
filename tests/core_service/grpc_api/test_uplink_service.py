"""The way up over real gRPC on a loopback port, behind the real choke-point."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_agent.uplink.wire import GrpcUplinkTransport
from tests.contracts.uplink import UplinkContract
from tests.lane import Lane, open_lane


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(tmp_path) as opened:
        yield opened


@pytest.fixture
async def transport(lane: Lane) -> AsyncIterator[GrpcUplinkTransport]:
    async with lane.by_grpc() as opened:
        yield opened


class TestUplinkOverGrpc(UplinkContract):
    """The contract over gRPC on a loopback port, behind the choke-point."""
