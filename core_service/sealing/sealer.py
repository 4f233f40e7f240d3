"""Seals records under a tenant's key: plain bytes in, ciphertext and wrapped data key out; bound to tenant and raw id.

    master key --wraps--> tenant key --wraps--> data key of one record --encrypts--> its raw bytes

All three by AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces. Blobs are: 1 byte of format, 12 of nonce, ciphertext with 16 of tag.
Random nonces keep one tenant key good for 2^32 records; the format byte leaves room for a second key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.canonical.key import length_prefixed
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record's bytes, encrypted, and its data key, wrapped by the tenant's key."""

    wrapped_key: bytes
    ciphertext: bytes


class Sealer(Protocol):
    """Seals and opens the records of one tenant."""

    def seal(self, items: Sequence[tuple[str, bytes]]) -> list[Sealed]:
        """Seal (raw id, bytes) pairs, each under a data key of its own."""

    def open(self, raw_id: str, sealed: Sealed) -> bytes:
        """Return the bytes; raises Permanent(INTERNAL) when they were altered or belong to another tenant or raw id."""


class TenantSealer:
    """Seals with a tenant key held in memory."""

    def __init__(self, tenant: str, tenant_key: bytes, randomness: Randomness) -> None:
        self._tenant = tenant.encode()
        self._wrapping = AESGCM(tenant_key)
        self._randomness = randomness

    def seal(self, items: Sequence[tuple[str, bytes]]) -> list[Sealed]:
        """Seal (raw id, bytes) pairs, each under a data key of its own."""
        each = KEY_BYTES + 2 * _NONCE_BYTES
        drawn = self._randomness.token(each * len(items))
        return [
            self._seal(raw_id, raw, drawn[place * each : (place + 1) * each])
            for place, (raw_id, raw) in enumerate(items)
        ]

    def open(self, raw_id: str, sealed: Sealed) -> bytes:
        """Return the bytes; raises Permanent(INTERNAL) when they were altered or belong to another tenant or raw id."""
        bound = self._bound(raw_id)
        data_key = decrypt(self._wrapping, sealed.wrapped_key, bound)
        return decrypt(AESGCM(data_key), sealed.ciphertext, bound)

    def _seal(self, raw_id: str, raw: bytes, drawn: bytes) -> Sealed:
        data_key, nonces = drawn[:KEY_BYTES], drawn[KEY_BYTES:]
        bound = self._bound(raw_id)
        return Sealed(
            encrypt(self._wrapping, nonces[:_NONCE_BYTES], data_key, bound),
            encrypt(AESGCM(data_key), nonces[_NONCE_BYTES:], raw, bound),
        )

    def _bound(self, raw_id: str) -> bytes:
        return length_prefixed(b"tillstream-raw", self._tenant, raw_id.encode())


def encrypt(key: AESGCM, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    """Return a blob that opens only with the same key and the same `bound` data."""
    return _FORMAT + nonce + key.encrypt(nonce, plain, bound)


def decrypt(key: AESGCM, blob: bytes, bound: bytes) -> bytes:
    """Open a blob of `encrypt`; raises Permanent(INTERNAL) for any other key, `bound` data or bytes."""
    try:
        if blob[:1] != _FORMAT:
            raise InvalidTag
        return key.decrypt(blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :], bound)
    except (InvalidTag, ValueError) as error:
        sentence = (
            "Sealed bytes do not open: the master key is not the one they were sealed under, or they were altered."
        )
        raise Permanent(Reason.INTERNAL, f"{sentence} Restore the master key that belongs to this database.") from error


def new_nonce(randomness: Randomness) -> bytes:
    """Draw a nonce for `encrypt`."""
    return randomness.token(_NONCE_BYTES)
