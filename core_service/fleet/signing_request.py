"""A signing request (PKCS #10, DER) in, its public key out; nothing else in it is looked at, so nothing else can be asked for."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.errors import Permanent
from adapters.reasons import Reason

_LONGEST = 8 * 1024
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def requested_key(csr_der: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key whose holder signed the request; raise Permanent(CSR_INVALID) for anything but a NIST curve from P-256 on."""
    if len(csr_der) > _LONGEST:
        raise _invalid(f"it is longer than {_LONGEST} bytes")
    try:
        request = x509.load_der_x509_csr(csr_der)
        key = request.public_key()
        signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise _invalid("it cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise _invalid("its key is not on the curve P-256, P-384 or P-521")
    if not signed:
        raise _invalid("it was not signed by the key that it names")
    return key


def key_hash(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return SHA-256 of a public key (SubjectPublicKeyInfo, DER): what records know a key by."""
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).digest()


def _invalid(why: str) -> Permanent:
    return Permanent(
        Reason.CSR_INVALID, f"The signing request is of no use: {why}. Send a PKCS #10 request in DER.", path="csr_der"
    )
