"""The choke-point around handlers of all four kinds: callers, deadlines, errors, and open streams that are cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from core_service.domain.fleet import AgentIdentity
from core_service.grpc_api import caller
from core_service.grpc_api.admission import Admitted
from core_service.grpc_api.choke_point import RECHECK_SECONDS, ChokePoint, ChokePointSeams
from core_service.setup.credentials import revoke_credential
from tests.core_service.grpc_api.house import open_house
from tests.core_service.grpc_api.methods import every_method, reason_of
from tests.eventually import eventually

AGENT = AgentIdentity(tenant="acme", store="leeds", agent="leeds-1")
STREAMED = "/tillstream.edge.v1.UplinkService/StreamEntries"
ASKED = "/tillstream.oms.v1.OrderService/GetOrder"


class Door:
    """Stands in for Admission: lets AGENT in until it is shut."""

    def __init__(self) -> None:
        self.open = True
        self.asked = 0

    async def admit(self, method: str, context: Any) -> Admitted:
        """Let in."""
        await self.check()
        return Admitted(caller=AGENT, recheck=self.check)

    async def check(self) -> None:
        """Refuse when shut."""
        self.asked += 1
        if not self.open:
            raise AuthenticationFailed(Reason.AGENT_REVOKED, "Shut out.")


class Bench:
    """A server with one handler behind a choke-point."""

    def __init__(self, unary_seconds: float = 30.0) -> None:
        self.door = Door()
        self.clock = VirtualClock()
        self.telemetry = MemoryTelemetry()
        seams = ChokePointSeams(
            clock=self.clock, randomness=SeededRandomness(1), telemetry=self.telemetry, unary_seconds=unary_seconds
        )
        self.choke_point = ChokePoint(self.door, seams)  # type: ignore[arg-type] # it has Admission's one method

    @asynccontextmanager
    async def serving(self, method: str, handler: grpc.RpcMethodHandler[Any, Any]) -> AsyncIterator[Any]:
        """Serve a handler on loopback."""
        service, _, name = method.removeprefix("/").partition("/")
        server = grpc.aio.server(interceptors=[self.choke_point])
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            await server.stop(None)


def unary(
    handler: Callable[[bytes, Any], Any], parse: Callable[[bytes], Any] = bytes
) -> grpc.RpcMethodHandler[Any, Any]:
    """A unary handler."""
    return grpc.unary_unary_rpc_method_handler(handler, parse, bytes)


async def generates(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
    """A streaming handler that is an async generator."""
    async for request in requests:
        yield request + caller.agent().agent.encode()


async def writes(_requests: AsyncIterator[bytes], context: Any) -> None:
    """A streaming handler that reads and writes by its context."""
    while (request := await context.read()) is not grpc.aio.EOF:
        await context.write(request + caller.agent().agent.encode())


@pytest.mark.parametrize("handler", [generates, writes])
async def test_streams_of_either_style_know_their_caller(handler: Any) -> None:
    """Both ways of writing an aio handler pass."""
    bench = Bench()
    async with bench.serving(STREAMED, grpc.stream_stream_rpc_method_handler(handler, bytes, bytes)) as channel:
        call = channel.stream_stream(STREAMED)(timeout=10)
        await call.write(b"a-")
        assert await call.read() == b"a-leeds-1"
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
    assert bench.telemetry.counters["grpc_calls", (("method", STREAMED), ("outcome", "OK"))] == 1


@pytest.mark.parametrize("handler", [generates, writes])
async def test_fault_057_an_open_stream_is_cut_soon_after_its_caller_is_shut_out(handler: Any) -> None:
    """Asked again every ten seconds; idle or not."""
    bench = Bench()
    async with bench.serving(STREAMED, grpc.stream_stream_rpc_method_handler(handler, bytes, bytes)) as channel:
        call = channel.stream_stream(STREAMED)(timeout=10)
        await call.write(b"a-")
        await call.read()
        bench.clock.advance(RECHECK_SECONDS)
        await eventually(lambda: bench.door.asked == 2)
        await call.write(b"b-")
        assert await call.read() == b"b-leeds-1"
        bench.door.open = False
        bench.clock.advance(RECHECK_SECONDS)
        with pytest.raises(grpc.aio.AioRpcError) as cut:
            await call.read()
        assert (cut.value.code(), reason_of(cut.value)) == (grpc.StatusCode.PERMISSION_DENIED, "AGENT_REVOKED")


async def test_open_streams_end_when_the_process_stops() -> None:
    """Told to connect again, at once."""
    bench = Bench()
    async with bench.serving(STREAMED, grpc.stream_stream_rpc_method_handler(generates, bytes, bytes)) as channel:
        call = channel.stream_stream(STREAMED)(timeout=10)
        await call.write(b"a-")
        await call.read()
        bench.choke_point.close()
        with pytest.raises(grpc.aio.AioRpcError) as cut:
            await call.read()
        assert (cut.value.code(), reason_of(cut.value)) == (grpc.StatusCode.UNAVAILABLE, "NOT_READY")


async def test_a_client_that_goes_away_ends_its_handler() -> None:
    """Nothing runs on for nobody."""
    bench = Bench()
    ended = asyncio.Event()

    async def waits(_requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
        try:
            yield b"begun"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with bench.serving(STREAMED, grpc.stream_stream_rpc_method_handler(waits, bytes, bytes)) as channel:
        call = channel.stream_stream(STREAMED)(timeout=10)
        assert await call.read() == b"begun"
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        await eventually(lambda: bench.telemetry.total("grpc_calls") == 1)
    assert bench.telemetry.counters["grpc_calls", (("method", STREAMED), ("outcome", "CANCELLED"))] == 1


async def test_our_errors_become_statuses() -> None:
    """With reason and path."""
    bench = Bench()

    async def refuses(_request: bytes, _context: Any) -> bytes:
        raise Permanent(Reason.ORDER_UNKNOWN, "There is none.", path="order_id")

    async with bench.serving(ASKED, unary(refuses)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(ASKED)(b"", timeout=10)
    assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.NOT_FOUND, "ORDER_UNKNOWN")


async def test_an_unexpected_error_is_told_with_an_id_and_nothing_else() -> None:
    """Its text goes to the log under the same id, never to the caller; the caller's own id is taken over."""
    bench = Bench()

    async def fails(_request: bytes, _context: Any) -> bytes:
        message = "secret detail"
        raise KeyError(message)

    with structlog.testing.capture_logs() as logged:
        async with bench.serving(ASKED, unary(fails)) as channel:
            for metadata, said in (((), ""), ((("x-correlation-id", "till-77"),), "till-77")):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await channel.unary_unary(ASKED)(b"", timeout=10, metadata=metadata)
                assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.INTERNAL, "INTERNAL")
                details = refused.value.details() or ""
                assert "secret" not in details
                assert said in details
                assert logged[-1]["correlation_id"] in details
    assert bench.telemetry.counters["grpc_calls", (("method", ASKED), ("outcome", "INTERNAL"))] == 2


async def test_a_request_is_parsed_only_after_its_caller_was_admitted() -> None:
    """Nobody who is refused makes the core parse anything; what cannot be parsed is told as such."""
    bench = Bench()
    parsed: list[bytes] = []

    def parse(raw: bytes) -> bytes:
        parsed.append(raw)
        if raw == b"broken":
            raise ValueError
        return raw

    async def answers(request: bytes, _context: Any) -> bytes:
        return request

    async with bench.serving(ASKED, unary(answers, parse)) as channel:
        call = channel.unary_unary(ASKED)
        assert await call(b"right", timeout=10) == b"right"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(b"broken", timeout=10)
        assert reason_of(refused.value) == "FIELD_INVALID"
        bench.door.open = False
        with pytest.raises(grpc.aio.AioRpcError):
            await call(b"refused", timeout=10)
    assert parsed == [b"right", b"broken"]


async def test_a_unary_call_ends_with_its_deadline() -> None:
    """The client hears it from itself or from us; the handler does not run on."""
    bench = Bench()
    ended = asyncio.Event()

    async def hangs(_request: bytes, _context: Any) -> bytes:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    async with bench.serving(ASKED, unary(hangs)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await channel.unary_unary(ASKED)(b"", timeout=0.2)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_call_without_a_deadline_gets_ours() -> None:
    """No call hangs for ever because its client forgot to limit it."""
    bench = Bench(unary_seconds=0.1)

    async def hangs(_request: bytes, _context: Any) -> bytes:
        await asyncio.Event().wait()
        return b""

    async with bench.serving(ASKED, unary(hangs)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await channel.unary_unary(ASKED)(b"")
    assert (late.value.code(), reason_of(late.value)) == (grpc.StatusCode.DEADLINE_EXCEEDED, "OVERLOADED")


async def test_a_method_outside_the_table_is_served_to_nobody(tmp_path: Path) -> None:
    """Deny by default: a service that somebody registers and forgets in the table stays shut."""
    async with open_house(tmp_path) as house:
        _, token = await house.bearer()
        assert len(every_method()) > 30

        async def answers(_request: bytes, _context: Any) -> bytes:
            return b"open"

        bench = Bench()
        bench.choke_point._admission = house.api.choke_point._admission
        async with bench.serving("/tillstream.oms.v1.NewService/GetSecret", unary(answers)) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await channel.unary_unary("/tillstream.oms.v1.NewService/GetSecret")(
                    b"", metadata=(("authorization", f"Bearer {token}"),), timeout=10
                )
        assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


async def test_an_open_watch_ends_soon_after_its_credential(tmp_path: Path) -> None:
    """A credential that is ended ends its streams too, not only its next call."""
    async with open_house(tmp_path) as house:
        credential, token = await house.bearer()
        async with house.api_channel() as channel:
            watch: Any = channel.unary_stream("/tillstream.oms.v1.OrderService/WatchOrders")
            call = watch(b"", metadata=(("authorization", f"Bearer {token}"),), timeout=20)
            await call.initial_metadata()
            await revoke_credential(house.desk(), credential.credential)

            async def cut() -> bool:
                house.clock.advance(RECHECK_SECONDS)
                return bool(call.done())

            reading = asyncio.ensure_future(_read_all(call))
            await eventually(cut, within=15)
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await reading
            assert reason_of(ended.value) == "CREDENTIAL_INVALID"


async def _read_all(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass
