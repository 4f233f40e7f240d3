"""Certificates that must open nothing: one of each kind, with what a caller who shows it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SystemRandomness
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.authority import load_authorities
from core_service.fleet.certificates import CertificateAuthority
from core_service.fleet.enrolment import Enrolled
from tests.core_service.grpc_api.house import STORE, TENANT, House

NO_HANDSHAKE = (("UNAVAILABLE", ""),)
REFUSED = (("UNAUTHENTICATED", "CERTIFICATE_REFUSED"),)
ENDED = (("PERMISSION_DENIED", "AGENT_REVOKED"),)


class Forgery(StrEnum):
    """What is wrong with the certificate."""

    PLAIN_TEXT = "no TLS at all"
    NO_CERTIFICATE = "no certificate"
    SELF_SIGNED = "self-signed"
    OTHER_AUTHORITY = "signed by another authority"
    SAME_NAME_AUTHORITY = "signed by another authority that calls itself like ours"
    EXPIRED = "expired"
    EXPIRED_BY_OUR_CLOCK = "expired by the core's clock only"
    NOT_YET = "of the future"
    SERVER_USAGE = "meant for servers"
    NO_USAGE = "meant for nothing"
    NO_SAN = "without a SAN"
    TWO_SANS = "with two SANs"
    ODD_SAN = "with a SAN that is no agent's"
    LEAF_SIGNED = "signed by an agent's key"
    UNKNOWN_AGENT = "of an agent that never enrolled"
    OTHER_STORE = "of an agent under another store's name"
    OTHER_TENANT = "of an agent under another tenant's name"
    REVOKED_AGENT = "of an agent that is shut out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a caller shows, and what it is told."""

    expected: tuple[tuple[str, str], ...]
    key_pem: bytes | None = None
    chain_pem: bytes | None = None
    plain: bool = False

    @asynccontextmanager
    async def channel(self, house: House) -> AsyncIterator[grpc.aio.Channel]:
        """Connect to the agents' listener."""
        address = f"localhost:{house.agents.port}"
        if self.plain:
            opened = grpc.aio.insecure_channel(address)
        else:
            credentials = grpc.ssl_channel_credentials(house.authority.bundle_pem, self.key_pem, self.chain_pem)
            opened = grpc.aio.secure_channel(address, credentials)
        async with opened as channel:
            yield channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a certificate shall say."""

    uris: tuple[str, ...]
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    begins: timedelta = timedelta(hours=-1)
    ends: timedelta = timedelta(days=1)


async def forged(forgery: Forgery, house: House, folder: Path) -> Shown:
    """Make what a caller shows."""
    enrolled, enrolled_key = await house.enrolled()
    right = enrolled.identity.uri
    ours = load_authorities(house.pki)[0]
    plan: dict[Forgery, tuple[Wanted, tuple[tuple[str, str], ...]]] = {
        Forgery.EXPIRED: (Wanted(uris=(right,), begins=timedelta(days=-9), ends=timedelta(hours=-1)), NO_HANDSHAKE),
        Forgery.NOT_YET: (Wanted(uris=(right,), begins=timedelta(days=1), ends=timedelta(days=9)), NO_HANDSHAKE),
        Forgery.SERVER_USAGE: (
            Wanted(uris=(right,), usages=(ExtendedKeyUsageOID.SERVER_AUTH,)),
            (*NO_HANDSHAKE, *REFUSED),
        ),
        Forgery.NO_USAGE: (Wanted(uris=(right,), usages=()), REFUSED),
        Forgery.NO_SAN: (Wanted(uris=()), REFUSED),
        Forgery.TWO_SANS: (Wanted(uris=(right, right.replace(TENANT, "rival"))), REFUSED),
        Forgery.ODD_SAN: (Wanted(uris=(right.replace("/agent/", "/agent/../"),)), REFUSED),
        Forgery.UNKNOWN_AGENT: (Wanted(uris=(_named(agent="nobody-1"),)), REFUSED),
        Forgery.OTHER_STORE: (Wanted(uris=(_named(agent=enrolled.identity.agent, store="york"),)), ENDED),
        Forgery.OTHER_TENANT: (Wanted(uris=(_named(agent=enrolled.identity.agent, tenant="rival"),)), REFUSED),
    }
    if forgery in plan:
        wanted, expected = plan[forgery]
        return _signed(wanted, ours.key, ours.certificate.subject, expected)
    if forgery in {Forgery.PLAIN_TEXT, Forgery.NO_CERTIFICATE}:
        return Shown(expected=NO_HANDSHAKE, plain=forgery is Forgery.PLAIN_TEXT)
    if forgery in {Forgery.REVOKED_AGENT, Forgery.EXPIRED_BY_OUR_CLOCK}:
        return await _once_right(forgery, house, enrolled, enrolled_key)
    if forgery is Forgery.LEAF_SIGNED:
        leaf = x509.load_pem_x509_certificate(enrolled.issued.certificate_pem)
        key = serialization.load_pem_private_key(enrolled_key, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        shown = _signed(Wanted(uris=(_named(agent="made-up"),)), key, leaf.subject, NO_HANDSHAKE)
        chain = (shown.chain_pem or b"") + enrolled.issued.certificate_pem
        return Shown(expected=NO_HANDSHAKE, key_pem=shown.key_pem, chain_pem=chain)
    if forgery is Forgery.OTHER_AUTHORITY:
        clock = VirtualClock(start=datetime.now(UTC))
        other = CertificateAuthority.open(folder / "other", clock, SystemRandomness())
        key = ec.generate_private_key(ec.SECP256R1())
        issued = other.issue(enrolled.identity, key.public_key())
        return Shown(expected=NO_HANDSHAKE, key_pem=_pem(key), chain_pem=issued.certificate_pem)
    subject = ours.certificate.subject if forgery is Forgery.SAME_NAME_AUTHORITY else None
    return _signed(Wanted(uris=(right,)), None, subject, NO_HANDSHAKE)


async def _once_right(forgery: Forgery, house: House, enrolled: Enrolled, key_pem: bytes) -> Shown:
    if forgery is Forgery.REVOKED_AGENT:
        await house.roster.revoke(TENANT, enrolled.identity.agent, actor="a test")
        return Shown(expected=ENDED, key_pem=key_pem, chain_pem=enrolled.issued.certificate_pem)
    # Issued 29 days ago, it ends tomorrow by the machine's clock, which TLS asks, and yesterday by ours.
    house.clock.jump(timedelta(days=-29).total_seconds())
    enrolled, key_pem = await house.enrolled()
    house.clock.jump(timedelta(days=31).total_seconds())
    return Shown(expected=REFUSED, key_pem=key_pem, chain_pem=enrolled.issued.certificate_pem)


def _named(*, agent: str, store: str = STORE, tenant: str = TENANT) -> str:
    return AgentIdentity(tenant=tenant, store=store, agent=agent).uri


def _signed(
    wanted: Wanted,
    signer: ec.EllipticCurvePrivateKey | None,
    issuer: x509.Name | None,
    expected: tuple[tuple[str, str], ...],
) -> Shown:
    """Sign with a key, with a stranger's that uses the issuer's name, or (no issuer) with the certificate's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "forged")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + wanted.begins)
        .not_valid_after(now + wanted.ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if wanted.usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(wanted.usages), critical=False)
    if wanted.uris:
        names = [x509.UniformResourceIdentifier(uri) for uri in wanted.uris]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    stranger = ec.generate_private_key(ec.SECP256R1()) if issuer else key
    certificate = builder.sign(signer or stranger, hashes.SHA256())
    return Shown(
        expected=expected,
        key_pem=_pem(key),
        chain_pem=certificate.public_bytes(serialization.Encoding.PEM),
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
