"""Signing requests: a usable key and nothing else is taken from them."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.fleet.signing_request import key_hash, requested_key


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, name: str = "x") -> bytes:
    """Return a request of a key that calls itself `name`."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_key_on_a_curve_from_p256_on_is_taken(curve: ec.EllipticCurve) -> None:
    """And known by the hash of its public half."""
    key = ec.generate_private_key(curve)
    assert key_hash(requested_key(request(key))) == key_hash(key.public_key())


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
)
def test_other_keys_are_refused(key: ec.EllipticCurvePrivateKey) -> None:
    """With what to send instead."""
    with pytest.raises(Permanent) as refused:
        requested_key(request(key))
    assert (refused.value.reason, refused.value.path) == (Reason.CSR_INVALID, "csr_der")


def test_a_request_that_its_key_did_not_sign_is_refused() -> None:
    """Nobody gets a certificate for a key that he has not got."""
    raw = bytearray(request(ec.generate_private_key(ec.SECP256R1()), name="signed"))
    place = raw.index(b"signed")
    raw[place : place + 6] = b"forged"
    with pytest.raises(Permanent) as refused:
        requested_key(bytes(raw))
    assert "not signed" in refused.value.sentence


def test_a_very_long_request_is_not_even_read() -> None:
    """8 KiB are plenty."""
    with pytest.raises(Permanent):
        requested_key(request(ec.generate_private_key(ec.SECP256R1())) + bytes(9000))


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_and_nothing_worse(raw: bytes) -> None:
    """Whatever they are."""
    with pytest.raises(Permanent):
        requested_key(raw)
