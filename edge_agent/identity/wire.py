"""Identity on gRPC: TLS channels that trust this core's authorities and nobody else, and the core's EnrolmentService behind `Issuer`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import TYPE_CHECKING

import grpc

from adapters.canonical.join_token import JoinToken
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.channel import CHANNEL_OPTIONS, translated
from edge_agent.identity.issuing import Admitted, IssuedCertificate
from edge_agent.identity.keystore import Identity
from tillstream.edge.v1 import enrolment_service_pb2 as wire
from tillstream.edge.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub

if TYPE_CHECKING:
    from tillstream.edge.v1.enrolment_service_pb2_grpc import EnrolmentServiceAsyncStub

CALL_SECONDS = 20.0
"""Deadline of every call here."""


def connect(identity: Identity) -> grpc.aio.Channel:
    """Return a channel to the agents' listener by the box's certificate (mutual TLS)."""
    credentials = grpc.ssl_channel_credentials(identity.bundle_pem, identity.key_pem, identity.certificate_pem)
    return grpc.aio.secure_channel(identity.agents_address, credentials, options=CHANNEL_OPTIONS)


def connector(present: Callable[[], Identity]) -> Callable[[], grpc.aio.Channel]:
    """Return what uplink and watch make their channels with: each new one has the newest certificate."""
    return lambda: connect(present())


class GrpcIssuer:
    """The core's EnrolmentService; each call on a connection of its own."""

    async def enrol(self, token: JoinToken, csr_der: bytes) -> Admitted:
        """Use a join token at the API listener it names, trusting the authorities it carries and nobody else."""
        roots = "".join(_pem(authority) for authority in token.authorities).encode()
        async with _server_tls(token.api_address, roots) as stub:
            answer = await stub.Enrol(wire.EnrolRequest(join_token=token.secret, csr_der=csr_der), timeout=CALL_SECONDS)
        return Admitted(
            tenant=answer.tenant,
            store=answer.store,
            agent=answer.agent,
            agents_address=answer.agent_endpoint,
            issued=_issued(answer.issued),
        )

    async def renew(self, identity: Identity, csr_der: bytes) -> IssuedCertificate:
        """Ask for the next certificate at the agents' listener."""
        async with connect(identity) as channel:
            with translated():
                stub = EnrolmentServiceStub(channel)
                answer = await stub.RenewCertificate(
                    wire.RenewCertificateRequest(csr_der=csr_der), timeout=CALL_SECONDS
                )
        return _issued(answer.issued)

    async def recover(self, identity: Identity, csr_der: bytes, signature: bytes) -> IssuedCertificate:
        """Ask for a new certificate at the API listener."""
        request = wire.RecoverCertificateRequest(
            certificate_pem=identity.certificate_pem, csr_der=csr_der, signature=signature
        )
        async with _server_tls(identity.api_address, identity.bundle_pem) as stub:
            answer = await stub.RecoverCertificate(request, timeout=CALL_SECONDS)
        return _issued(answer.issued)


@asynccontextmanager
async def _server_tls(address: str, roots: bytes) -> AsyncIterator[EnrolmentServiceAsyncStub]:
    credentials = grpc.ssl_channel_credentials(roots)
    async with grpc.aio.secure_channel(address, credentials, options=CHANNEL_OPTIONS) as channel:
        with translated():
            yield EnrolmentServiceStub(channel)


def _pem(der: bytes) -> str:
    try:
        return ssl.DER_cert_to_PEM_cert(der)
    except ValueError as error:
        raise Permanent(Reason.JOIN_TOKEN_INVALID, "The join token carries no certificate; make another.") from error


def _issued(message: wire.IssuedCertificate) -> IssuedCertificate:
    if not (message.certificate_pem and message.ca_bundle_pem and message.HasField("expire_time")):
        raise Permanent(
            Reason.INTERNAL, "The core answered without a certificate; update core and agent to fitting versions."
        )
    return IssuedCertificate(
        certificate_pem=message.certificate_pem,
        bundle_pem=message.ca_bundle_pem,
        expires_at=message.expire_time.ToDatetime(UTC),
        renew_at=message.renew_time.ToDatetime(UTC),
    )
