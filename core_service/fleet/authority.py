"""Authorities on disk: a directory in, keys with their certificates out, the oldest first; created whole or not at all, mode 0600."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness

AUTHORITY_LIFETIME = timedelta(days=3653)
_BACKDATED = timedelta(days=1)
_FILE = re.compile(r"authority-(\d{4})\.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A key that signs and its self-signed certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def created_at(self) -> datetime:
        """When it was made; its certificate begins a day earlier, for clocks that are behind."""
        return self.certificate.not_valid_before_utc + _BACKDATED


def load_authorities(directory: Path) -> list[Authority]:
    """Return the authorities of a directory, the oldest first; raise Permanent(SETTINGS_INVALID) for a file that is damaged or open to others."""
    found = sorted(path for path in directory.glob("authority-*.pem") if _FILE.fullmatch(path.name))
    return [_load(path) for path in found]


def create_authority(directory: Path, now: datetime, randomness: Randomness) -> Path:
    """Write one more authority and return its file. Two processes that do this at once make two authorities or one, never a damaged one."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = (
        max((int(match[1]) for path in directory.iterdir() if (match := _FILE.fullmatch(path.name))), default=0) + 1
    )
    path = directory / f"authority-{number:04}.pem"
    aside = directory / f".{path.name}.{randomness.token(4).hex()}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_new(now, randomness))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return path
    finally:
        aside.unlink()
    _sync(directory)
    return path


def _new(now: datetime, randomness: Randomness) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    begins = now.replace(microsecond=0) - _BACKDATED
    mark = randomness.token(16)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Tillstream authority {mark[:4].hex()}")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(mark, "big") >> 1 or 1)
        .not_valid_before(begins)
        .not_valid_after(begins + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _load(path: Path) -> Authority:
    if path.stat().st_mode & 0o077:
        raise _unusable(path, f"others may read it; run `chmod 600 {path}`")
    raw = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(raw, password=None)
        certificate = x509.load_pem_x509_certificate(raw[raw.index(b"-----BEGIN CERTIFICATE") :])
    except ValueError as error:
        raise _unusable(path, "it is damaged; restore it from the backup of the data directory") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise _unusable(
            path, "its key and its certificate do not fit; restore it from the backup of the data directory"
        )
    return Authority(key=key, certificate=certificate)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, why: str) -> Permanent:
    return Permanent(Reason.SETTINGS_INVALID, f"The authority in {path} cannot be used: {why}.")
