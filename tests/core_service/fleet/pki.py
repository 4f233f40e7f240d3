"""A fleet for tests: the real store in memory, a virtual clock, authorities in a folder; no network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.canonical.join_token import decode_join_token
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.certificates import CertificateAuthority
from core_service.fleet.enrolment import Enrolment
from core_service.fleet.join_tokens import Addresses, JoinTokens
from core_service.fleet.roster import Roster
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.desk import Desk
from core_service.setup.shops import StoreDraft, put_store
from edge_agent.identity.keys import new_key, recovery_proof, signing_request
from tests.core_service.core import empty_core

TENANT = "acme"
STORE = "leeds"


@dataclass(frozen=True, kw_only=True)
class FleetOffice:
    """Everything that admits agents."""

    core: CoreStore
    clock: VirtualClock
    authority: CertificateAuthority
    enrolment: Enrolment
    tokens: JoinTokens
    roster: Roster

    async def secret(self, store: str = STORE, lifetime_seconds: int = 0) -> str:
        """Make a join token and return its secret."""
        made = await self.tokens.create(TENANT, store, actor="a test", lifetime_seconds=lifetime_seconds)
        return decode_join_token(made.text).secret

    async def box(self, store: str = STORE) -> Box:
        """Let a box join."""
        key = new_key()
        enrolled = await self.enrolment.enrol(await self.secret(store), signing_request(key))
        return Box(identity=enrolled.identity, key=key, certificate=enrolled.issued.certificate_pem)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box that joined: who it is, its key and its certificate, PEM."""

    identity: AgentIdentity
    key: bytes
    certificate: bytes

    def proof(self, csr_der: bytes) -> bytes:
        """Its signature for a recovery."""
        return recovery_proof(self.key, csr_der)


@asynccontextmanager
async def open_office(folder: Path) -> AsyncIterator[FleetOffice]:
    """Open an office with a tenant that has two stores."""
    clock, randomness = VirtualClock(), SeededRandomness(3)
    async with empty_core(clock, TENANT) as core:
        for store in (STORE, "york"):
            desk = Desk(core=core, clock=clock, randomness=randomness, tenant=TENANT, actor="a test")
            draft = StoreDraft(store=store, name=store, time_zone="Europe/London", currency_code="GBP")
            await put_store(desk, draft)
        authority = CertificateAuthority.open(folder / "pki", clock, randomness)
        addresses = Addresses(agents="core.example:8443", api="core.example:8444")
        yield FleetOffice(
            core=core,
            clock=clock,
            authority=authority,
            enrolment=Enrolment(core=core, authority=authority, clock=clock, agents_address=addresses.agents),
            tokens=JoinTokens(core=core, authority=authority, clock=clock, randomness=randomness, addresses=addresses),
            roster=Roster(core=core, clock=clock),
        )
