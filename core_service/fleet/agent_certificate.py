"""An agent's certificate as presented: PEM in, the identity in its SAN URI with serial and validity out (SPIFFE X509-SVID, section 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from core_service.domain.fleet import AgentIdentity

_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?"
_URI = re.compile(rf"spiffe://tillstream/tenant/(?P<tenant>{_SLUG})/store/(?P<store>{_SLUG})/agent/(?P<agent>{_SLUG})")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCertificate:
    """What a certificate says. Whether a trusted authority signed it is not said here: TLS or `CertificateAuthority` decides that."""

    identity: AgentIdentity
    serial: str
    """Hexadecimal, lower case."""
    not_before: datetime
    not_after: datetime
    public_key: ec.EllipticCurvePublicKey

    def check_time(self, now: datetime) -> None:
        """Raise AuthenticationFailed(CERTIFICATE_REFUSED) outside the certificate's validity."""
        if now < self.not_before:
            sentence = "The certificate is not valid yet; set the clocks of both machines right."
            raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, sentence)
        if now >= self.not_after:
            sentence = f"The certificate expired on {self.not_after:%Y-%m-%d %H:%M} UTC; the agent recovers it with its old key."
            raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, sentence)


def read_agent_certificate(pem: bytes) -> AgentCertificate:
    """Return what the first certificate of a PEM text says.

    Raises AuthenticationFailed(CERTIFICATE_REFUSED) when it is none, names no single agent, or is not meant for clients.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        key = certificate.public_key()
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise _refused("it cannot be read, or lacks an extension") from error
    matched = _URI.fullmatch(uris[0]) if len(uris) == 1 else None
    if matched is None:
        raise _refused("its SAN names no agent")
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usages or constraints.ca:
        raise _refused("it was not issued for a client")
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _refused("its key is not on an elliptic curve")
    return AgentCertificate(
        identity=AgentIdentity(**matched.groupdict()),
        serial=serial_text(certificate.serial_number),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        public_key=key,
    )


def serial_text(serial: int) -> str:
    """Return a serial number as it stands in records."""
    return f"{serial:x}"


def _refused(why: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        Reason.CERTIFICATE_REFUSED, f"This is no certificate of an agent: {why}. Enrol the box again."
    )
