"""The key above all tenants' keys: a tenant's key in, the same wrapped out; kept in a file that only the service may read.

A key management service fits behind the same `MasterKey`.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.canonical.key import length_prefixed
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness
from core_service.sealing.sealer import KEY_BYTES, decrypt, encrypt, new_nonce


class MasterKey(Protocol):
    """Wraps and unwraps keys of tenants; bound to the tenant, so that one tenant's wrapped key is of no use to another."""

    async def wrap(self, tenant: str, key: bytes) -> bytes:
        """Return the key, wrapped."""

    async def unwrap(self, tenant: str, wrapped: bytes) -> bytes:
        """Return the key; raises Permanent when it was wrapped by another master key or for another tenant."""


class LocalMasterKey:
    """A master key of 32 bytes held in this process."""

    def __init__(self, key: bytes, randomness: Randomness) -> None:
        self._key = AESGCM(key)
        self._randomness = randomness

    async def wrap(self, tenant: str, key: bytes) -> bytes:
        """Return the key, wrapped."""
        return encrypt(self._key, new_nonce(self._randomness), key, _bound(tenant))

    async def unwrap(self, tenant: str, wrapped: bytes) -> bytes:
        """Return the key; raises Permanent when it was wrapped by another master key or for another tenant."""
        return decrypt(self._key, wrapped, _bound(tenant))


def create_master_key(path: Path, randomness: Randomness) -> None:
    """Write a new key to a file of mode 0600 that is not there yet; a file that is there is left as it is.

    The file appears whole or not at all (written aside, synced, then linked into place).
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{randomness.token(4).hex()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(randomness.token(KEY_BYTES).hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _link_unless_there(aside, path)
    finally:
        aside.unlink()
    _sync_directory(path.parent)


def load_master_key(path: Path, randomness: Randomness) -> LocalMasterKey:
    """Read the key; raises Permanent(SETTINGS_INVALID) when the file is missing, malformed, or open to others."""
    try:
        others = stat.S_IMODE(path.stat().st_mode) & 0o077
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"The master key {path} cannot be read ({error}); restore it from your backup, or run `core-service migrate`"
        raise Permanent(Reason.SETTINGS_INVALID, f"{sentence} for a new installation.") from error
    if others:
        raise Permanent(Reason.SETTINGS_INVALID, f"The master key {path} is open to others; run `chmod 600 {path}`.")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        sentence = f"The master key {path} is not {KEY_BYTES} bytes in hex; restore it from your backup."
        raise Permanent(Reason.SETTINGS_INVALID, sentence)
    return LocalMasterKey(key, randomness)


def _bound(tenant: str) -> bytes:
    return length_prefixed(b"tillstream-tenant-key", tenant.encode())


def _link_unless_there(aside: Path, path: Path) -> None:
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
