"""What a certificate says: one agent of one store of one tenant, or nothing at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.agent_certificate import read_agent_certificate
from core_service.fleet.certificates import CertificateAuthority

KEY = ec.generate_private_key(ec.SECP256R1())
IDENTITY = AgentIdentity(tenant="acme", store="leeds", agent="leeds-1")


def certificate(uri: str, *, ca: bool = False, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY) -> bytes:
    """Return a self-signed client's certificate with a SAN URI, PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime(2026, 1, 5, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(255)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def test_the_san_names_tenant_store_and_agent() -> None:
    """With serial and validity."""
    said = read_agent_certificate(certificate(IDENTITY.uri))
    assert (said.identity, said.serial) == (IDENTITY, "ff")
    assert said.not_after - said.not_before == timedelta(days=1)


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://tillstream/tenant/acme/store/leeds",
        "spiffe://tillstream/tenant/acme/store/leeds/agent/",
        "spiffe://tillstream/tenant/acme/store/leeds/agent/a/b",
        "spiffe://tillstream/tenant/acme/store/leeds/agent/a?b",
        "spiffe://tillstream/tenant/acme/store/leeds/agent/a%2fb",
        "spiffe://tillstream/tenant/acme/store/leeds/agent/A",
        "spiffe://tillstream/tenant/acme/store/../agent/a",
        "spiffe://tillstream/tenant//store/leeds/agent/a",
        "spiffe://TILLSTREAM/tenant/acme/store/leeds/agent/a",
        "spiffe://tillstream.example/tenant/acme/store/leeds/agent/a",
        "https://tillstream/tenant/acme/store/leeds/agent/a",
        " spiffe://tillstream/tenant/acme/store/leeds/agent/a",
        "spiffe://tillstream/tenant/acme/store/leeds/agent/a\n",
    ],
)
def test_any_other_name_is_nobodys(uri: str) -> None:
    """To the letter."""
    with pytest.raises(AuthenticationFailed) as refused:
        read_agent_certificate(certificate(uri))
    assert refused.value.reason is Reason.CERTIFICATE_REFUSED


def test_authorities_and_other_keys_are_no_agents() -> None:
    """Whatever their SAN says."""
    for pem in (
        certificate(IDENTITY.uri, ca=True),
        certificate(IDENTITY.uri, key=rsa.generate_private_key(65537, 2048)),
    ):
        with pytest.raises(AuthenticationFailed):
            read_agent_certificate(pem)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_and_nothing_worse(raw: bytes) -> None:
    """Also within the marks of PEM."""
    for pem in (raw, b"-----BEGIN CERTIFICATE-----\n" + raw + b"\n-----END CERTIFICATE-----\n"):
        with pytest.raises(AuthenticationFailed):
            read_agent_certificate(pem)


def test_fault_058_validity_is_by_the_injected_clock(tmp_path: Path) -> None:
    """Begun an hour early for clocks that are behind, over after thirty days."""
    clock = VirtualClock()
    authority = CertificateAuthority.open(tmp_path, clock, SeededRandomness(1))
    said = read_agent_certificate(authority.issue(IDENTITY, KEY.public_key()).certificate_pem)
    said.check_time(clock.now())
    said.check_time(clock.now() - timedelta(minutes=59))
    said.check_time(clock.now() + timedelta(days=30) - timedelta(seconds=1))
    for wrong in (timedelta(minutes=-61), timedelta(days=30)):
        with pytest.raises(AuthenticationFailed) as refused:
            said.check_time(clock.now() + wrong)
        assert refused.value.reason is Reason.CERTIFICATE_REFUSED
