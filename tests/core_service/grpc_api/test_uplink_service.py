"""The way up over real gRPC on a loopback port, behind the real choke-point."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_status import rpc_status

from core_service.grpc_api.listeners import LARGEST_MESSAGE
from edge_agent.uplink.wire import GrpcUplinkTransport, to_request
from tests.contracts.uplink import UplinkContract
from tests.eventually import eventually
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


METHOD = "/tillstream.edge.v1.UplinkService/StreamEntries"


async def ends_with(target: str, *messages: bytes) -> grpc.aio.AioRpcError:
    """Write raw bytes on a stream and return the status it ends with."""
    async with grpc.aio.insecure_channel(target, options=[("grpc.max_send_message_length", -1)]) as channel:
        call: Any = channel.stream_stream(METHOD)(timeout=10)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await _write(call, messages)
        return ended.value


async def _write(call: Any, messages: tuple[bytes, ...]) -> None:
    for message in messages:
        await call.write(message)
    while await call.read() is not grpc.aio.EOF:
        pass


@pytest.mark.parametrize(
    "garbage", [b"\xff\xff\xff", b"\x0a\x7f", b"\x0b" * 50_000], ids=["bytes", "cut", "nested groups"]
)
async def test_fault_049_bytes_that_are_no_message_end_the_stream_with_a_clear_status(
    lane: Lane, garbage: bytes
) -> None:
    opening = to_request(await lane.opening()).SerializeToString()
    async with lane.grpc_target() as target:
        error = await ends_with(target, opening, garbage)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "these bytes are none" in (error.details() or "")
        await eventually(lambda: lane.parts.sessions.count == 0)
    await lane.sound(0)


async def test_fault_049_a_message_larger_than_agreed_ends_the_stream_and_disturbs_nobody(lane: Lane) -> None:
    await lane.sell(1)
    opening = to_request(await lane.opening()).SerializeToString()
    async with lane.grpc_target() as target:
        error = await ends_with(target, opening, bytes(LARGEST_MESSAGE + 1))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await eventually(lambda: lane.parts.sessions.count == 0)
        again = await ends_with(target, opening, b"")
        status = rpc_status.from_call(again)
        assert status is not None
        assert "message is an Open or a Batch" in status.message
