"""What identity asks of the core, whatever carries it: signing requests in, certificates out; implemented in wire.py and by fakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.canonical.join_token import JoinToken
from edge_agent.identity.keystore import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """A certificate and what goes with it; times UTC."""

    certificate_pem: bytes
    bundle_pem: bytes
    expires_at: datetime
    renew_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who the core says this box is."""

    tenant: str
    store: str
    agent: str
    agents_address: str
    issued: IssuedCertificate


class Issuer(Protocol):
    """The core's EnrolmentService. Every method has a deadline and raises Transient, Permanent or AuthenticationFailed."""

    async def enrol(self, token: JoinToken, csr_der: bytes) -> Admitted:
        """Use a join token at the address it names, trusting the authorities it carries and nobody else."""

    async def renew(self, identity: Identity, csr_der: bytes) -> IssuedCertificate:
        """Ask for the next certificate, by the present one."""

    async def recover(self, identity: Identity, csr_der: bytes, signature: bytes) -> IssuedCertificate:
        """Ask for a new certificate, by a signature of the expired one's key."""
