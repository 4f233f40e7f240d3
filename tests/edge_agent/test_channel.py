"""What every call to the core shares: options that fit the core's own, and which errors are the core's word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from adapters.errors import AuthenticationFailed, Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from core_service.grpc_api.errors import CODE_OF, refuse
from core_service.grpc_api.listeners import SERVER_OPTIONS
from edge_agent.channel import CHANNEL_OPTIONS, LARGEST_MESSAGE, translated

METHOD = "/test.Service/Call"
Answer = Callable[[bytes, grpc.aio.ServicerContext[Any, Any]], Any]


@asynccontextmanager
async def calling(answer: Answer) -> AsyncIterator[Callable[[], Any]]:
    """Serve one method and return what calls it as the agent does."""

    async def serve(request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        return bytes(await answer(request, context))

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(serve)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", {"Call": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)
    call: Any = channel.unary_unary(METHOD)

    async def once(request: bytes = b"") -> Any:
        with translated():
            return await call(request, timeout=10)

    try:
        yield once
    finally:
        await channel.close()
        await server.stop(None)


async def refused_by(answer: Answer) -> TillstreamError:
    async with calling(answer) as call:
        with pytest.raises(TillstreamError) as refusal:
            await call()
    return refusal.value


def test_fault_003_pings_are_allowed_as_often_as_agents_send_them_and_messages_are_as_large_on_both_sides() -> None:
    ours, theirs = dict(CHANNEL_OPTIONS), SERVER_OPTIONS
    assert theirs["grpc.http2.min_recv_ping_interval_without_data_ms"] < ours["grpc.keepalive_time_ms"]
    assert ours["grpc.keepalive_permit_without_calls"] == theirs["grpc.keepalive_permit_without_calls"] == 1
    assert ours["grpc.http2.max_pings_without_data"] == 0
    for name in ("grpc.max_receive_message_length", "grpc.max_send_message_length"):
        assert ours[name] == theirs[name] == LARGEST_MESSAGE


@pytest.mark.parametrize("reason", sorted(Reason))
async def test_every_reason_of_the_core_arrives_as_itself(reason: Reason) -> None:
    async def answer(_: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        await refuse(context, Transient(reason, "What to do.", path="batch.entries", retry_after=2.5))

    error = await refused_by(answer)
    assert (error.reason, error.sentence, error.path) == (reason, "What to do.", "batch.entries")
    if isinstance(error, Transient):
        assert error.retry_after == 2.5
    refused = CODE_OF[reason] in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
    assert isinstance(error, AuthenticationFailed) is refused


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
async def test_a_status_without_our_reason_is_the_networks(code: grpc.StatusCode) -> None:
    """Even UNAUTHENTICATED or NOT_FOUND, which a proxy or a portal may answer; CANCELLED does not cancel the agent's own task."""

    async def answer(_: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        await context.abort(code, "from somewhere")

    error = await refused_by(answer)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        assert error.reason is Reason.TOO_LARGE
    else:
        assert isinstance(error, Transient)
        assert error.reason is Reason.CORE_UNREACHABLE


async def test_a_reason_of_a_newer_core_is_shown_by_its_name() -> None:
    async def answer(_: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        error = Permanent(Reason.FIELD_INVALID, "Mind the gap.")
        error.reason = _NewerReason("MOON_IS_WRONG")  # type: ignore[assignment] # as an older agent sees it
        await refuse(context, error, code=grpc.StatusCode.FAILED_PRECONDITION)

    error = await refused_by(answer)
    assert (type(error), error.reason) == (Permanent, Reason.INTERNAL)
    assert "MOON_IS_WRONG: Mind the gap." in error.sentence


class _NewerReason(str):
    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)


async def test_an_answer_larger_than_agreed_is_refused_as_too_large() -> None:
    async def answer(_: bytes, __: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        return bytes(LARGEST_MESSAGE + 1)

    assert (await refused_by(answer)).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "page",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>Log in</h1>",
        b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
    ids=["html", "redirect", "hang-up"],
)
async def test_fault_006_a_captive_portal_is_no_answer(page: bytes) -> None:
    async def portal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(page)
        writer.close()

    server = await asyncio.start_server(portal, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS) as channel:
        call: Any = channel.unary_unary(METHOD)
        with pytest.raises(Transient) as refusal, translated():
            await call(b"", timeout=10)
    server.close()
    assert refusal.value.reason is Reason.CORE_UNREACHABLE


async def test_cancelling_the_agents_own_task_cancels_it() -> None:
    async def answer(_: bytes, __: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        await asyncio.Event().wait()
        return b""

    async with calling(answer) as call:
        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
