"""EnrolmentService: tokens, proofs and signing requests in, certificates out. Served on both listeners, each method on one of them."""

from __future__ import annotations

from typing import Any

import grpc

from core_service.fleet.certificates import Issued
from core_service.fleet.enrolment import Enrolment
from core_service.grpc_api import caller
from core_service.grpc_api.convert import timestamp
from tillstream.edge.v1 import enrolment_service_pb2 as wire
from tillstream.edge.v1 import enrolment_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class EnrolmentService(enrolment_service_pb2_grpc.EnrolmentServiceServicer):
    """Issues and renews agents' certificates."""

    def __init__(self, enrolment: Enrolment) -> None:
        self._enrolment = enrolment

    async def Enrol(self, request: wire.EnrolRequest, context: Context) -> wire.EnrolResponse:
        """Turn a join token and a signing request into a certificate."""
        enrolled = await self._enrolment.enrol(request.join_token, request.csr_der)
        identity = enrolled.identity
        return wire.EnrolResponse(
            issued=_issued(enrolled.issued),
            tenant=identity.tenant,
            store=identity.store,
            agent=identity.agent,
            agent_endpoint=enrolled.agents_address,
        )

    async def RenewCertificate(
        self, request: wire.RenewCertificateRequest, context: Context
    ) -> wire.RenewCertificateResponse:
        """Issue the calling agent's next certificate."""
        issued = await self._enrolment.renew(caller.agent(), request.csr_der)
        return wire.RenewCertificateResponse(issued=_issued(issued))

    async def RecoverCertificate(
        self, request: wire.RecoverCertificateRequest, context: Context
    ) -> wire.RecoverCertificateResponse:
        """Issue a new certificate to whoever proves the old one's key."""
        issued = await self._enrolment.recover(request.certificate_pem, request.csr_der, request.signature)
        return wire.RecoverCertificateResponse(issued=_issued(issued))


def _issued(issued: Issued) -> wire.IssuedCertificate:
    return wire.IssuedCertificate(
        certificate_pem=issued.certificate_pem,
        ca_bundle_pem=issued.bundle_pem,
        expire_time=timestamp(issued.expires_at),
        renew_time=timestamp(issued.renew_at),
    )
