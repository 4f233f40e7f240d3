"""A core for one box: the real enrolment on the real store in memory, without a network, and a line to it that fails as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.canonical.join_token import JoinToken
from adapters.errors import Transient
from adapters.reasons import Reason
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.certificates import Issued
from edge_agent.identity.issuing import Admitted, IssuedCertificate
from edge_agent.identity.keystore import Identity
from tests.core_service.fleet.pki import FleetOffice


@dataclass(kw_only=True)
class Line:
    """Implements Issuer by calling the use cases themselves. The next call fails `before` it reaches the core, or its reply is lost `after`."""

    office: FleetOffice
    failing: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def enrol(self, token: JoinToken, csr_der: bytes) -> Admitted:
        """Call the core."""
        self._cut("before", "enrol")
        enrolled = await self.office.enrolment.enrol(token.secret, csr_der)
        self._cut("after", "")
        identity = enrolled.identity
        return Admitted(
            tenant=identity.tenant,
            store=identity.store,
            agent=identity.agent,
            agents_address=enrolled.agents_address,
            issued=_said(enrolled.issued),
        )

    async def renew(self, identity: Identity, csr_der: bytes) -> IssuedCertificate:
        """Call the core, which lets only a certificate in that is valid by its clock."""
        self._cut("before", "renew")
        self.office.authority.verify_issued(identity.certificate_pem).check_time(self.office.clock.now())
        caller = AgentIdentity(tenant=identity.tenant, store=identity.store, agent=identity.agent)
        issued = await self.office.enrolment.renew(caller, csr_der)
        self._cut("after", "")
        return _said(issued)

    async def recover(self, identity: Identity, csr_der: bytes, signature: bytes) -> IssuedCertificate:
        """Call the core."""
        self._cut("before", "recover")
        issued = await self.office.enrolment.recover(identity.certificate_pem, csr_der, signature)
        self._cut("after", "")
        return _said(issued)

    def _cut(self, when: str, call: str) -> None:
        if call:
            self.calls.append(call)
        if self.failing and self.failing[0] == when:
            self.failing.pop(0)
            raise Transient(Reason.CORE_UNREACHABLE, "The line was cut.")


def _said(issued: Issued) -> IssuedCertificate:
    return IssuedCertificate(
        certificate_pem=issued.certificate_pem,
        bundle_pem=issued.bundle_pem,
        expires_at=issued.expires_at,
        renew_at=issued.renew_at,
    )
