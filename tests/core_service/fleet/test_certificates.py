"""Authorities: created once, kept from others, changed without cutting anybody off (faults row 59)."""

from __future__ import annotations

import ipaddress
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.authority import create_authority, load_authorities
from core_service.fleet.certificates import OVERLAP, CertificateAuthority, derived_serial

IDENTITY = AgentIdentity(tenant="acme", store="leeds", agent="leeds-1")
KEY = ec.generate_private_key(ec.SECP256R1()).public_key()


def opened(folder: Path, clock: VirtualClock) -> CertificateAuthority:
    """Open the authorities of a folder."""
    return CertificateAuthority.open(folder / "pki", clock, SeededRandomness(5))


def signers(pem: bytes, authority: CertificateAuthority) -> list[bool]:
    """Which of the trusted authorities signed a certificate, the oldest first."""
    certificate = x509.load_pem_x509_certificate(pem)
    return [certificate.issuer == trusted.subject for trusted in x509.load_pem_x509_certificates(authority.bundle_pem)]


def test_the_authority_is_created_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    """Opening again finds the same one."""
    clock = VirtualClock()
    first, again = opened(tmp_path, clock), opened(tmp_path, clock)
    assert first.bundle_pem == again.bundle_pem
    (file,) = (tmp_path / "pki").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_authority_is_a_clear_error(tmp_path: Path, damage: bytes) -> None:
    """And never silently replaced by a new one, which no agent would trust."""
    opened(tmp_path, VirtualClock())
    (file,) = (tmp_path / "pki").iterdir()
    file.write_bytes(damage)
    with pytest.raises(Permanent) as refused:
        opened(tmp_path, VirtualClock())
    assert refused.value.reason is Reason.SETTINGS_INVALID
    assert "restore it" in refused.value.sentence


def test_an_authority_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it."""
    opened(tmp_path, VirtualClock())
    (file,) = (tmp_path / "pki").iterdir()
    file.chmod(0o640)
    with pytest.raises(Permanent) as refused:
        opened(tmp_path, VirtualClock())
    assert f"chmod 600 {file}" in refused.value.sentence


def test_a_servers_certificate_serves_its_names_and_nothing_else(tmp_path: Path) -> None:
    """DNS names and addresses, localhost always; it is of no use as a client's."""
    authority = opened(tmp_path, VirtualClock())
    issued = authority.issue_server(("core.example", "10.0.0.7", "localhost"))
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.DNSName) == ["core.example", "localhost"]
    assert ipaddress.ip_address("10.0.0.7") in names.get_values_for_type(x509.IPAddress)
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]
    with pytest.raises(AuthenticationFailed):
        authority.verify_issued(issued.certificate_pem)


def test_fault_059_a_new_authority_signs_only_after_everybody_knows_it(tmp_path: Path) -> None:
    """Both are trusted from the start; the old one signs until every agent has renewed, then the new one."""
    clock = VirtualClock()
    opened(tmp_path, clock)
    clock.jump(timedelta(days=400).total_seconds())
    create_authority(tmp_path / "pki", clock.now(), SeededRandomness(6))
    both = opened(tmp_path, clock)
    assert len(x509.load_pem_x509_certificates(both.bundle_pem)) == 2
    by_old = both.issue(IDENTITY, KEY)
    assert signers(by_old.certificate_pem, both) == [True, False]
    clock.jump(OVERLAP.total_seconds())
    by_new = both.issue(IDENTITY, KEY)
    assert signers(by_new.certificate_pem, both) == [False, True]
    for issued in (by_old, by_new):
        assert both.verify_issued(issued.certificate_pem).identity == IDENTITY
    assert timedelta(days=30) < OVERLAP


def test_an_expired_authority_is_trusted_no_more(tmp_path: Path) -> None:
    """After ten years, if another has taken over."""
    clock = VirtualClock()
    opened(tmp_path, clock)
    clock.jump(timedelta(days=3600).total_seconds())
    create_authority(tmp_path / "pki", clock.now(), SeededRandomness(6))
    clock.jump(timedelta(days=60).total_seconds())
    left = opened(tmp_path, clock)
    assert len(left.bundle_der) == 1
    assert len(load_authorities(tmp_path / "pki")) == 2


def test_serials_derive_from_what_caused_them() -> None:
    """The same parts give the same serial, other parts another; all fit RFC 5280's twenty octets."""
    assert derived_serial(b"a", b"b") == derived_serial(b"a", b"b")
    assert derived_serial(b"a", b"b") != derived_serial(b"ab", b"")
    assert 0 < derived_serial(b"a") < 2**127
