"""What every gRPC call to the core shares: options that fit the core's, and the core's statuses as our errors.

Only a status that carries our ErrorInfo is the core's word. Anything else (a captive portal's page, a proxy's 404, a reset line)
is the network's: CORE_UNREACHABLE, tried again (faults row 6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from adapters.errors import AuthenticationFailed, Permanent, TillstreamError, Transient
from adapters.reasons import Reason

LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message, either way; the core sets the same."""

KEEPALIVE_MS = 20_000
KEEPALIVE_TIMEOUT_MS = 10_000
"""Silence is found within two keepalives (faults row 3); the core must allow a ping every KEEPALIVE_MS without GOAWAY."""

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    # Each stream has its own connection, so that name and certificate are looked at anew and gRPC's own backoff does not add to ours.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)

_DOMAIN = "tillstream"
_MAY_PASS = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)
_NOT_LET_IN = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED})


def refusal(error: grpc.aio.AioRpcError) -> TillstreamError:
    """Return what a failed call means: the core's own reason where it gave one, else that the core was not reached."""
    status = _status(error)
    info = error_details_pb2.ErrorInfo()
    if status is None or not _unpacked(status, info) or info.domain != _DOMAIN:
        return _unexplained(error)
    sentence = status.message
    try:
        reason = Reason(info.reason)
    except ValueError:
        reason, sentence = Reason.INTERNAL, f"{info.reason}: {sentence} (this agent is older than the core; update it)"
    path = info.metadata.get("path", "")
    if error.code() in _NOT_LET_IN:
        return AuthenticationFailed(reason, sentence, path=path)
    if error.code() in _MAY_PASS:
        return Transient(reason, sentence, path=path, retry_after=_retry_after(status))
    return Permanent(reason, sentence, path=path)


@contextmanager
def translated() -> Iterator[None]:
    """Turn gRPC's errors in the block into ours.

    gRPC raises CancelledError also when it was the other side that cancelled; only when this task is being cancelled may it go on.
    """
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise refusal(error) from error
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        sentence = "The core, or something on the way to it, cut the call; it is made anew."
        raise Transient(Reason.CORE_UNREACHABLE, sentence) from None


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    try:
        return rpc_status.from_call(error)
    except (ValueError, DecodeError):
        return None


def _unpacked(status: status_pb2.Status, into: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> bool:
    return any(detail.Is(into.DESCRIPTOR) and detail.Unpack(into) for detail in status.details)


def _retry_after(status: status_pb2.Status) -> float | None:
    info = error_details_pb2.RetryInfo()
    return info.retry_delay.ToMilliseconds() / 1000 if _unpacked(status, info) else None


def _unexplained(error: grpc.aio.AioRpcError) -> TillstreamError:
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        sentence = f"A message is larger than {LARGEST_MESSAGE} bytes ({error.details()}); smaller ones are tried."
        return Permanent(Reason.TOO_LARGE, sentence)
    sentence = (
        f"The core was not reached ({error.code().name}: {(error.details() or '')[:300]}); check the line and the core's address. "
        "Tills go on selling."
    )
    return Transient(Reason.CORE_UNREACHABLE, sentence)
