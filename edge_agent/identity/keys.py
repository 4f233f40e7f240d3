"""Keys: new ones, signing requests and proofs in DER out. The cryptography library is loaded only when one of these is called."""

from __future__ import annotations

RECOVERY_CONTEXT = b"tillstream-recover-v1"
"""What the old key signs before the request's DER, so that its signature is of no use elsewhere."""


def new_key() -> bytes:
    """Return a new private key on P-256, PEM (PKCS #8)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signing_request(key_pem: bytes) -> bytes:
    """Return a PKCS #10 request for a key, DER; it names nobody, for the core decides who the key belongs to."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(_elliptic(key_pem), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def recovery_proof(key_pem: bytes, csr_der: bytes) -> bytes:
    """Return the old key's signature for a new request (ECDSA-SHA256, DER)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return bytes(_elliptic(key_pem).sign(RECOVERY_CONTEXT + csr_der, ec.ECDSA(hashes.SHA256())))


def fits(key_pem: bytes, certificate_pem: bytes) -> bool:
    """Whether a certificate is for a key."""
    from cryptography import x509

    return bool(x509.load_pem_x509_certificate(certificate_pem).public_key() == _elliptic(key_pem).public_key())


def _elliptic(key_pem: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202 - naming the type would load the library
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(key_pem, password=None)
