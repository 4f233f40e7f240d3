"""The one place that every call passes, unary and streaming: admits its caller, bounds its time, and turns its errors into statuses.

    call --> admit --refused--> status          admit --> handler (caller set) --answer--> client
                                                             |--TillstreamError--> status by its reason
                                                             |--anything else--> INTERNAL + correlation id, logged, counted

Open streams are admitted again every RECHECK_SECONDS and cut when refused, or when the process stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, TypeVar

import grpc
import structlog

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.deadline import first_of
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from core_service.grpc_api.access import ACCESS
from core_service.grpc_api.admission import Admission, Admitted
from core_service.grpc_api.caller import acting
from core_service.grpc_api.errors import refuse

log = structlog.get_logger(__name__)

T = TypeVar("T")
Context = grpc.aio.ServicerContext[Any, Any]
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Any]]
Work: TypeAlias = Callable[[], Coroutine[Any, Any, T]]

RECHECK_SECONDS = 10.0
"""How often an open stream is admitted again; with the 5 seconds of Admission well within the 60 promised."""

UNARY_SECONDS = 30.0
"""The longest that a unary call may take, whatever deadline its client set."""

_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChokePointSeams:
    """What is injected."""

    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    unary_seconds: float = UNARY_SECONDS


class ChokePoint(grpc.aio.ServerInterceptor):
    """Wraps the handlers of one listener."""

    def __init__(self, admission: Admission, seams: ChokePointSeams) -> None:
        self._admission = admission
        self._seams = seams
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End open streams now, for the process stops: their callers connect again, and nothing unsettled is lost. Unary calls go on."""
        self._closing.set()

    async def intercept_service(self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the method's handler behind this choke-point, whatever its kind; None where there is no such method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        kind = (handler.request_streaming, handler.response_streaming)
        wrap = {
            (False, False): self._unary_unary,
            (False, True): self._unary_stream,
            (True, False): self._stream_unary,
            (True, True): self._stream_stream,
        }
        return wrap[kind](method, handler)

    def _unary_unary(self, method: str, handler: Any) -> Any:
        async def serve(raw: bytes, context: Context) -> Any:
            async def work() -> Any:
                async with _limited(context, self._seams.unary_seconds):
                    return await handler.unary_unary(_parsed(handler, raw), context)

            return await self._pass(method, context, work)

        return grpc.unary_unary_rpc_method_handler(serve, None, handler.response_serializer)

    def _unary_stream(self, method: str, handler: Any) -> Any:
        async def serve(raw: bytes, context: Context) -> None:
            async def work() -> None:
                await _answer(handler.unary_stream(_parsed(handler, raw), context), context)

            await self._pass(method, context, work, rechecked=True)

        return grpc.unary_stream_rpc_method_handler(serve, None, handler.response_serializer)

    def _stream_unary(self, method: str, handler: Any) -> Any:
        async def serve(requests: AsyncIterator[Any], context: Context) -> Any:
            async def work() -> Any:
                return await handler.stream_unary(requests, context)

            return await self._pass(method, context, work, rechecked=True)

        return grpc.stream_unary_rpc_method_handler(serve, handler.request_deserializer, handler.response_serializer)

    def _stream_stream(self, method: str, handler: Any) -> Any:
        async def serve(requests: AsyncIterator[Any], context: Context) -> None:
            async def work() -> None:
                await _answer(handler.stream_stream(requests, context), context)

            await self._pass(method, context, work, rechecked=True)

        return grpc.stream_stream_rpc_method_handler(serve, handler.request_deserializer, handler.response_serializer)

    async def _pass(self, method: str, context: Context, work: Work[T], *, rechecked: bool = False) -> T:
        started = self._seams.clock.monotonic()
        outcome = "CANCELLED"
        try:
            admitted = await self._admission.admit(method, context)
            answer = await self._run(admitted, work, rechecked=rechecked)
            outcome = "OK"
            return answer
        except grpc.aio.AbortError:
            outcome = "ABORTED"
            raise
        except DeadlinePassedError as error:
            outcome = Reason.OVERLOADED.value
            await refuse(context, error.told, code=grpc.StatusCode.DEADLINE_EXCEEDED)
        except TillstreamError as error:
            outcome = error.reason.value
            await refuse(context, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a call: told, logged and counted
            outcome = Reason.INTERNAL.value
            await self._refuse_unknown(method, context, error)
        finally:
            name = method if method in ACCESS else "unlisted"
            self._seams.telemetry.count("grpc_calls", method=name, outcome=outcome)
            self._seams.telemetry.observe("grpc_call", self._seams.clock.monotonic() - started, method=name)

    async def _run(self, admitted: Admitted, work: Work[T], *, rechecked: bool) -> T:
        with acting(admitted.caller) if admitted.caller is not None else contextlib.nullcontext():
            if not rechecked:
                return await work()
            return await first_of(work(), self._until_shut_out(admitted))

    async def _until_shut_out(self, admitted: Admitted) -> NoReturn:
        while True:
            await first_of(self._seams.clock.sleep(RECHECK_SECONDS), self._closed())
            if self._closing.is_set():
                raise Transient(Reason.NOT_READY, "The core is stopping; connect again.", retry_after=1.0)
            try:
                await admitted.recheck()
            except Transient as error:
                # A database that does not answer shuts nobody out: the stream's own commits meet the same trouble.
                self._seams.telemetry.count("grpc_recheck_failures", reason=error.reason.value)

    async def _closed(self) -> None:
        await self._closing.wait()

    async def _refuse_unknown(self, method: str, context: Context, error: Exception) -> NoReturn:
        correlation = _correlation(context) or self._seams.randomness.token(8).hex()
        log.error("a call failed", method=method, correlation_id=correlation, exc_info=error)
        sentence = f"Something failed inside Tillstream; try again, and name {correlation} if it fails again."
        await refuse(context, Permanent(Reason.INTERNAL, sentence), correlation_id=correlation)


class DeadlinePassedError(Exception):
    """A unary call took longer than it may; `told` is what its client hears."""

    def __init__(self, seconds: float) -> None:
        self.told = Transient(
            Reason.OVERLOADED, f"This took longer than {seconds:.1f} seconds; try again with the same ids."
        )
        super().__init__(str(self.told))


@contextlib.asynccontextmanager
async def _limited(context: Context, most: float) -> AsyncIterator[None]:
    seconds = _seconds(context.time_remaining(), most)
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise DeadlinePassedError(seconds) from error
        raise


def _seconds(left: float | None, most: float) -> float:
    """Return how long a call may take; its client may have set no deadline (None)."""
    return most if left is None else min(left, most)


def _parsed(handler: Any, raw: bytes) -> Any:
    """Read the request only now: nobody who was refused makes the core parse anything."""
    try:
        return handler.request_deserializer(raw)
    except Exception as error:
        sentence = "The request is no message of this method; generate the client from the same .proto files."
        raise Permanent(Reason.FIELD_INVALID, sentence) from error


async def _answer(answer: Any, context: Context) -> None:
    """Let a streaming handler of either style answer: an async generator, or a coroutine that writes by itself."""
    if not hasattr(answer, "__aiter__"):
        await answer
        return
    async with contextlib.aclosing(answer) as messages:
        async for message in messages:
            await context.write(message)


def _correlation(context: Context) -> str:
    for name, value in context.invocation_metadata() or ():
        if name == "x-correlation-id" and _CORRELATION.fullmatch(str(value)):
            return str(value)
    return ""
