"""The two gRPC listeners: services and certificates in, running servers out; TLS only, everything bounded, graceful at the end.

    agents   mTLS required: nobody reaches a handler without a certificate that one of our authorities signed
    api      server TLS: API credentials, enrolment and recovery; a client certificate is never asked for

Certificates are made at start, renewed by themselves at half life, and taken up by the next handshake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from core_service.fleet.certificates import CertificateAuthority
from core_service.grpc_api.admission import Admission, Listener
from core_service.grpc_api.choke_point import ChokePoint, ChokePointSeams
from core_service.ports.unit_of_work import Platform

LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message, either way; agents set the same."""

LARGEST_METADATA = 16 * 1024
STREAMS_PER_CONNECTION = 100
CONNECTION_AGE_SECONDS = 3600
"""After this a connection is asked to be made anew (spread by 10 % by gRPC), so that certificates and replicas are looked at again."""

CONNECTION_GRACE_SECONDS = 30
GRACEFUL_SECONDS = 10.0

SERVER_OPTIONS: Mapping[str, int] = MappingProxyType(
    {
        "grpc.max_receive_message_length": LARGEST_MESSAGE,
        "grpc.max_send_message_length": LARGEST_MESSAGE,
        "grpc.max_metadata_size": LARGEST_METADATA,
        "grpc.max_concurrent_streams": STREAMS_PER_CONNECTION,
        # gRPC's default allows one ping in five minutes and answers faster ones with GOAWAY: agents ping every 20 seconds (faults row 3).
        "grpc.http2.min_recv_ping_interval_without_data_ms": 10_000,
        "grpc.keepalive_permit_without_calls": 1,
        "grpc.keepalive_time_ms": 20_000,
        "grpc.keepalive_timeout_ms": 10_000,
        "grpc.max_connection_age_ms": CONNECTION_AGE_SECONDS * 1000,
        "grpc.max_connection_age_grace_ms": CONNECTION_GRACE_SECONDS * 1000,
        "grpc.max_connection_idle_ms": 30 * 60 * 1000,
        "grpc.so_reuseport": 0,
    }
)

AddService = Callable[[grpc.aio.Server], None]
"""Adds one servicer to a server, such as `lambda server: add_AdminServiceServicer_to_server(service, server)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerPlan:
    """Where a listener listens and what it serves. Port 0 takes a free one; `reflection` names services to describe, API only."""

    listener: Listener
    host: str
    port: int
    services: Sequence[AddService]
    reflection: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerParts:
    """What both listeners stand on; `names` are the DNS names and IP addresses in the certificate."""

    authority: CertificateAuthority
    platform: Platform
    clock: Clock
    seams: ChokePointSeams
    names: tuple[str, ...]


class Certificates:
    """Gives each handshake a certificate that is not past half its life."""

    def __init__(self, parts: ListenerParts, listener: Listener) -> None:
        self._parts = parts
        self._agents = listener is Listener.AGENTS
        self._served = parts.authority.issue_server(parts.names)

    def credentials(self) -> grpc.ServerCredentials:
        """Return credentials that ask here again at every handshake."""
        fetch: Any = self.fetch  # the stubs do not know that None means "no change"
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(), fetch, require_client_authentication=self._agents
        )

    def fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the configuration to use from now on, None for the one in use; gRPC calls it at every handshake, on its own thread."""
        if self._parts.clock.now() < self._served.renew_at:
            return None
        self._served = self._parts.authority.issue_server(self._parts.names)
        return self._configuration()

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        pair = (self._served.key_pem, self._served.certificate_pem)
        return grpc.ssl_server_certificate_configuration(
            [pair], self._parts.authority.bundle_pem if self._agents else None
        )


@dataclass(kw_only=True)
class RunningListener:
    """A listener that runs; `port` is the one it got."""

    server: grpc.aio.Server
    port: int
    health: health_aio.HealthServicer = field(repr=False)
    choke_point: ChokePoint = field(repr=False)

    async def serving(self, *, ready: bool) -> None:
        """Tell health checks whether calls are wanted."""
        state = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        await self.health.set("", state)

    async def stop(self) -> None:
        """End open streams, take no new calls, let running ones end for at most GRACEFUL_SECONDS, then cut them."""
        await self.health.enter_graceful_shutdown()
        self.choke_point.close()
        await self.server.stop(GRACEFUL_SECONDS)


async def start_listener(plan: ListenerPlan, parts: ListenerParts) -> RunningListener:
    """Bind and serve; raise Permanent(SETTINGS_INVALID) when the address cannot be taken."""
    choke_point = ChokePoint(Admission(plan.listener, parts.platform, parts.clock), parts.seams)
    server = grpc.aio.server(interceptors=[choke_point], options=list(SERVER_OPTIONS.items()))
    for add in plan.services:
        add(server)
    health = health_aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    if plan.reflection and plan.listener is Listener.API:
        from grpc_reflection.v1alpha import reflection

        reflection.enable_server_reflection([*plan.reflection, reflection.SERVICE_NAME], server)
    credentials = Certificates(parts, plan.listener).credentials()
    address = f"[{plan.host}]:{plan.port}" if ":" in plan.host else f"{plan.host}:{plan.port}"
    try:
        port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        sentence = f"{address} cannot be taken for the {plan.listener} listener; free it, or set another port."
        raise Permanent(Reason.SETTINGS_INVALID, sentence, path=f"{plan.listener}.port") from error
    await server.start()
    running = RunningListener(server=server, port=port, health=health, choke_point=choke_point)
    await running.serving(ready=True)
    return running
