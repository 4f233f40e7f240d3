"""Certificates of the fleet: public keys in, X.509 certificates out, signed by authorities that live in the data directory.

    pki/authority-0001.pem    an authority: its key and its certificate in one file of mode 0600, created whole or not at all

Several authorities may be trusted at once. A new one signs only after it was in every agent's bundle for OVERLAP, so that a change of
authority cuts nobody off; the agents learn of it with their next renewal.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.canonical.key import length_prefixed
from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.agent_certificate import AgentCertificate, read_agent_certificate, serial_text
from core_service.fleet.authority import Authority, create_authority, load_authorities

AGENT_LIFETIME = timedelta(days=30)
SERVER_LIFETIME = timedelta(days=30)
OVERLAP = timedelta(days=35)
"""Longer than an agent's certificate lives: whoever can still connect has renewed, and so has the newest bundle."""

_SKEW = timedelta(hours=1)
"""How far back certificates begin, for clocks that are behind."""

_SERIAL_BYTES = 16
_ALWAYS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate that was issued to an agent, and what goes with it."""

    serial: str
    certificate_pem: bytes
    bundle_pem: bytes
    issued_at: datetime
    expires_at: datetime

    @property
    def renew_at(self) -> datetime:
        """When to ask for the next one: at half life."""
        return self.issued_at + (self.expires_at - self.issued_at) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate:
    """A listener's certificate with its key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes
    renew_at: datetime


class CertificateAuthority:
    """Signs for the fleet. Opened at start; its methods do no input or output."""

    def __init__(self, authorities: Sequence[Authority], clock: Clock, randomness: Randomness) -> None:
        self._authorities = tuple(authorities)
        self._clock = clock
        self._randomness = randomness

    @classmethod
    def open(cls, directory: Path, clock: Clock, randomness: Randomness) -> CertificateAuthority:
        """Load the authorities of a `pki` directory; create the first one where there is none. Blocks: call it at start."""
        if not load_authorities(directory):
            create_authority(directory, clock.now(), randomness)
        return cls(load_authorities(directory), clock, randomness)

    @property
    def bundle_pem(self) -> bytes:
        """The certificates to trust, PEM, the oldest first; authorities that have expired are left out."""
        return b"".join(authority.certificate.public_bytes(serialization.Encoding.PEM) for authority in self._trusted())

    @property
    def bundle_der(self) -> tuple[bytes, ...]:
        """The certificates to trust, DER."""
        return tuple(authority.certificate.public_bytes(serialization.Encoding.DER) for authority in self._trusted())

    def issue(self, identity: AgentIdentity, key: ec.EllipticCurvePublicKey, serial: int | None = None) -> Issued:
        """Return a certificate for an agent's key, good for 30 days; a given serial makes the answer the same record again."""
        now = self._clock.now().replace(microsecond=0)
        expires = now + AGENT_LIFETIME
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(identity.uri)]
        certificate = self._sign(
            _Wanted(
                name=identity.agent,
                key=key,
                names=names,
                usage=ExtendedKeyUsageOID.CLIENT_AUTH,
                serial=serial or self._serial(),
                not_before=now - _SKEW,
                not_after=expires,
            )
        )
        return Issued(
            serial=serial_text(certificate.serial_number),
            certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
            bundle_pem=self.bundle_pem,
            issued_at=now,
            expires_at=expires,
        )

    def issue_server(self, names: Sequence[str]) -> ServerCertificate:
        """Return a new key and a certificate for a listener's DNS names and IP addresses; localhost is always among them."""
        now = self._clock.now().replace(microsecond=0)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(
            _Wanted(
                name="tillstream core",
                key=key.public_key(),
                names=[_general_name(name) for name in dict.fromkeys((*names, *_ALWAYS))],
                usage=ExtendedKeyUsageOID.SERVER_AUTH,
                serial=self._serial(),
                not_before=now - _SKEW,
                not_after=now + SERVER_LIFETIME,
            )
        )
        return ServerCertificate(
            certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
            key_pem=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            renew_at=now + SERVER_LIFETIME / 2,
        )

    def verify_issued(self, pem: bytes) -> AgentCertificate:
        """Return what an agent's certificate says if one of ours signed it, expired or not.

        Raises AuthenticationFailed(CERTIFICATE_REFUSED) otherwise.
        """
        presented = read_agent_certificate(pem)
        certificate = x509.load_pem_x509_certificate(pem)
        for authority in self._authorities:
            try:
                certificate.verify_directly_issued_by(authority.certificate)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return presented
        sentence = "None of this core's authorities signed the certificate; enrol the box again with a join token."
        raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, sentence, path="certificate_pem")

    def _trusted(self) -> list[Authority]:
        now = self._clock.now()
        return [authority for authority in self._authorities if authority.certificate.not_valid_after_utc > now]

    def _signing(self) -> Authority:
        now = self._clock.now()
        trusted = self._trusted() or list(self._authorities)
        known = [authority for authority in trusted if authority.created_at + OVERLAP <= now]
        return known[-1] if known else trusted[0]

    def _serial(self) -> int:
        return int.from_bytes(self._randomness.token(_SERIAL_BYTES), "big") >> 1 or 1

    def _sign(self, wanted: _Wanted) -> x509.Certificate:
        authority = self._signing()
        issuer_key = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.name[:64])]))
            .issuer_name(authority.certificate.subject)
            .public_key(wanted.key)
            .serial_number(wanted.serial)
            .not_valid_before(wanted.not_before)
            .not_valid_after(min(wanted.not_after, authority.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([wanted.usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName(wanted.names), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(wanted.key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        )
        return builder.sign(authority.key, hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a certificate shall say."""

    name: str
    key: ec.EllipticCurvePublicKey
    names: list[x509.GeneralName]
    usage: x509.ObjectIdentifier
    serial: int
    not_before: datetime
    not_after: datetime


def derived_serial(*parts: bytes) -> int:
    """Return a serial that depends on nothing but its parts, 127 bits: the same cause asks for the same certificate."""
    digest = hashlib.sha256(length_prefixed(b"tillstream-serial-v1", *parts)).digest()
    return int.from_bytes(digest[:_SERIAL_BYTES], "big") >> 1 or 1


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
