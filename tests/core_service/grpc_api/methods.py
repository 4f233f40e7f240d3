"""Every RPC there is, from the descriptors, and a way to call each with any bytes by any channel and metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import tillstream
from core_service.grpc_api.access import ACCESS, Demand

SECONDS = 10.0
Metadata = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """An RPC. `name` is `/package.Service/Method`."""

    name: str
    request_streaming: bool
    response_streaming: bool
    request: Any
    """The descriptor of its request."""

    @property
    def demand(self) -> Demand | None:
        """What the table says."""
        return ACCESS.get(self.name)

    async def call(
        self, channel: grpc.aio.Channel, metadata: Metadata = (), raw: bytes = b"", seconds: float = SECONDS
    ) -> bytes:
        """Call it with one request; return its (first) answer."""
        kind = f"{'stream' if self.request_streaming else 'unary'}_{'stream' if self.response_streaming else 'unary'}"
        callable_: Any = getattr(channel, kind)(self.name)
        call = callable_(iter([raw]) if self.request_streaming else raw, metadata=tuple(metadata), timeout=seconds)
        if not self.response_streaming:
            answer: bytes = await call
            return answer
        first = await call.read()
        if first is grpc.aio.EOF:
            await call.wait_for_connection()
            raise _ended(call, await call.code(), await call.details(), await call.trailing_metadata())
        call.cancel()
        return bytes(first)


def _ended(_call: Any, code: grpc.StatusCode, details: str, trailing: Any) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, details)


def every_method() -> list[Method]:
    """Return all RPCs of the contracts, by name."""
    root = Path(next(iter(tillstream.__path__)))
    found: list[Method] = []
    for path in sorted(root.rglob("*_service_pb2.py")):
        name = ".".join(("tillstream", *path.relative_to(root).with_suffix("").parts))
        for service in import_module(name).DESCRIPTOR.services_by_name.values():
            found.extend(
                Method(
                    name=f"/{service.full_name}/{method.name}",
                    request_streaming=method.client_streaming,
                    response_streaming=method.server_streaming,
                    request=method.input_type,
                )
                for method in service.methods
            )
    return sorted(found, key=lambda method: method.name)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason in an error's ErrorInfo; empty when it has none (a failed handshake)."""
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    if status is None or not any(detail.Unpack(info) for detail in status.details if detail.Is(info.DESCRIPTOR)):
        return ""
    assert info.domain == "tillstream"
    return str(info.reason)
