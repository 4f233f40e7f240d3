"""How a box becomes a store's agent and stays one: tokens, signing requests and proofs in, certificates out.

    join token + key --enrol--> certificate --half life--> renew (by the certificate) --> ...
                                     | expired, offline too long
                                     +--> recover (by a signature of the old key, within the grace, once per certificate)

Each step repeated with the same key gives the same answer, because its certificate's serial derives from what caused it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from core_service.domain.fleet import Agent, AgentIdentity, CertificateRecord, JoinToken
from core_service.fleet.agent_certificate import AgentCertificate, serial_text
from core_service.fleet.certificates import CertificateAuthority, Issued, derived_serial
from core_service.fleet.join_tokens import token_hash
from core_service.fleet.signing_request import key_hash, requested_key
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

GRACE = timedelta(days=90)
"""For how long after its expiry a certificate may be recovered."""

RECOVERY_CONTEXT = b"tillstream-recover-v1"
"""What the old key signs before the request's DER, so that its signature is of no use elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A box that became an agent."""

    identity: AgentIdentity
    issued: Issued
    agents_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Issues certificates to agents. `agents_address` is `host:port` of the agents' listener."""

    core: CoreStore
    authority: CertificateAuthority
    clock: Clock
    agents_address: str
    grace: timedelta = GRACE

    async def enrol(self, secret: str, csr_der: bytes) -> Enrolled:
        """Use a join token once and return the new agent's certificate.

        Raises AuthenticationFailed: JOIN_TOKEN_INVALID for an unknown or expired token, JOIN_TOKEN_USED when another key used it;
        Permanent(CSR_INVALID) for a request without a usable key.
        """
        key = requested_key(csr_der)
        hashed, used_by = token_hash(secret), key_hash(key)
        tenant = await self.core.platform.token_tenant(hashed)
        if tenant is None:
            raise _token_invalid("unknown")
        async with self.core.begin(tenant) as uow:
            token = await uow.fleet.token(hashed)
            if token is None:
                raise _token_invalid("unknown")
            identity = AgentIdentity(tenant=tenant, store=token.store, agent=token.agent)
            serial = derived_serial(b"enrol", hashed, used_by)
            if token.used_at is not None:
                again = await uow.fleet.certificate(serial_text(serial))
                if token.used_key_hash != used_by or again is None:
                    raise _token_used()
                return self._enrolled(identity, self._repeated(again))
            issued = await self._admit_box(uow, token, key, serial)
            await uow.commit()
        return self._enrolled(identity, issued)

    async def renew(self, identity: AgentIdentity, csr_der: bytes) -> Issued:
        """Return the next certificate of an agent that has proved who it is; the same key again gets its newest one again."""
        key = requested_key(csr_der)
        async with self.core.begin(identity.tenant) as uow:
            agent = await self._present_agent(uow, identity.agent)
            newest = await uow.fleet.newest_certificate(identity.agent)
            if newest and newest.expires_at > self.clock.now() and _key_of(newest) == key_hash(key):
                return self._repeated(newest)
            issued = self.authority.issue(identity, key)
            await self._record(uow, agent, issued)
            await uow.commit()
        return issued

    async def recover(self, certificate_pem: bytes, csr_der: bytes, signature: bytes) -> Issued:
        """Return a new certificate to whoever signs with an old one's key, once per old certificate, until `grace` after its expiry.

        Raises AuthenticationFailed: CERTIFICATE_REFUSED, SIGNATURE_INVALID, AGENT_REVOKED; Permanent(CSR_INVALID).
        """
        old = self.authority.verify_issued(certificate_pem)
        _check_signature(old, csr_der, signature)
        key = requested_key(csr_der)
        now = self.clock.now()
        if now > old.not_after + self.grace:
            sentence = f"The certificate expired on {old.not_after:%Y-%m-%d}, longer ago than the {self.grace.days} days of grace;"
            raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, f"{sentence} enrol the box again with a join token.")
        identity, used_by = old.identity, key_hash(key)
        async with self.core.begin(identity.tenant) as uow:
            agent = await self._present_agent(uow, identity.agent, store=identity.store)
            await self._remember(uow, old, certificate_pem)
            serial = derived_serial(b"recover", old.serial.encode(), used_by)
            if again := await uow.fleet.certificate(serial_text(serial)):
                return self._repeated(again)
            if not await uow.fleet.use_recovery(old.serial, used_by):
                sentence = "This certificate was recovered before, with another key; if that was not this box, revoke the agent"
                raise AuthenticationFailed(
                    Reason.CERTIFICATE_REFUSED, f"{sentence}. Enrol the box again with a join token."
                )
            issued = self.authority.issue(identity, key, serial)
            await self._record(uow, agent, issued)
            await uow.audit.add(_audited(now, identity.agent, "recover_certificate", f"by the key of {old.serial}"))
            await uow.commit()
        return issued

    async def _admit_box(
        self, uow: UnitOfWork, token: JoinToken, key: ec.EllipticCurvePublicKey, serial: int
    ) -> Issued:
        now = self.clock.now()
        if now >= token.expires_at:
            raise _token_invalid("expired")
        if await uow.fleet.agent(token.agent) is not None:
            raise _token_invalid(f"of no use any more: another box has become agent {token.agent!r}")
        if not await uow.fleet.use_token(token.token_hash, now, key_hash(key)):
            raise _token_used()
        issued = self.authority.issue(
            AgentIdentity(tenant=uow.tenant, store=token.store, agent=token.agent), key, serial
        )
        agent = Agent(
            agent=token.agent,
            store=token.store,
            enrolled_at=now,
            serial=issued.serial,
            certificate_expires_at=issued.expires_at,
        )
        await self._record(uow, agent, issued)
        await uow.audit.add(_audited(now, token.agent, "enrol", f"store {token.store}"))
        return issued

    async def _present_agent(self, uow: UnitOfWork, name: str, store: str = "") -> Agent:
        agent = await uow.fleet.agent(name)
        if agent is None or (store and agent.store != store):
            sentence = f"The core knows no such agent {name!r}; enrol the box again with a join token."
            raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, sentence)
        if agent.revoked_at is not None:
            sentence = f"Agent {name!r} is shut out; ask operations, and enrol the box again if it should sell."
            raise AuthenticationFailed(Reason.AGENT_REVOKED, sentence)
        return agent

    async def _record(self, uow: UnitOfWork, agent: Agent, issued: Issued) -> None:
        present = Agent(
            agent=agent.agent,
            store=agent.store,
            enrolled_at=agent.enrolled_at,
            serial=issued.serial,
            certificate_expires_at=issued.expires_at,
            revoked_at=agent.revoked_at,
            last_seen_at=agent.last_seen_at,
            version=agent.version,
            clock_offset_ms=agent.clock_offset_ms,
            epoch=agent.epoch,
        )
        await uow.fleet.put_agent(present)
        await uow.fleet.add_certificate(
            CertificateRecord(
                serial=issued.serial,
                agent=agent.agent,
                store=agent.store,
                issued_at=issued.issued_at,
                expires_at=issued.expires_at,
                certificate_pem=issued.certificate_pem,
            )
        )

    async def _remember(self, uow: UnitOfWork, old: AgentCertificate, pem: bytes) -> None:
        """Record a certificate of ours that a restored database has never heard of, so that it too is recovered only once."""
        if await uow.fleet.certificate(old.serial) is None:
            await uow.fleet.add_certificate(
                CertificateRecord(
                    serial=old.serial,
                    agent=old.identity.agent,
                    store=old.identity.store,
                    issued_at=old.not_before,
                    expires_at=old.not_after,
                    certificate_pem=pem,
                )
            )

    def _repeated(self, record: CertificateRecord) -> Issued:
        return Issued(
            serial=record.serial,
            certificate_pem=record.certificate_pem,
            bundle_pem=self.authority.bundle_pem,
            issued_at=record.issued_at,
            expires_at=record.expires_at,
        )

    def _enrolled(self, identity: AgentIdentity, issued: Issued) -> Enrolled:
        return Enrolled(identity=identity, issued=issued, agents_address=self.agents_address)


def _check_signature(old: AgentCertificate, csr_der: bytes, signature: bytes) -> None:
    try:
        old.public_key.verify(signature, RECOVERY_CONTEXT + csr_der, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        sentence = (
            "The signature is not by the old certificate's key; recover on the box that holds it, or enrol again."
        )
        raise AuthenticationFailed(Reason.SIGNATURE_INVALID, sentence, path="signature") from error


def _key_of(record: CertificateRecord) -> bytes:
    key = x509.load_pem_x509_certificate(record.certificate_pem).public_key()
    return key_hash(key) if isinstance(key, ec.EllipticCurvePublicKey) else b""


def _audited(at: datetime, agent: str, action: str, note: str) -> AuditEntry:
    return AuditEntry(at=at, actor=f"agent:{agent}", action=action, subject=agent, note=note)


def _token_invalid(why: str) -> Permanent:
    sentence = f"The join token is {why}; make another with `core-service token create`."
    return AuthenticationFailed(Reason.JOIN_TOKEN_INVALID, sentence, path="join_token")


def _token_used() -> Permanent:
    sentence = "The join token was used by another key; if that was not this box, revoke the agent it made. Make another token."
    return AuthenticationFailed(Reason.JOIN_TOKEN_USED, sentence, path="join_token")
