"""The box's identity on its disk: an identity in, the same after any crash out.

    identity/identity.json   everything that belongs together, in one file: key, certificate, authorities, addresses
    identity/next-key.pem    the key of a request under way, written before the request, removed after its answer is stored

Each file is replaced as a whole (written aside, synced, renamed, directory synced), mode 0600. A crash before the answer was stored
leaves the next key, and asking again with the same key gives the same answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.identity.rotation import Validity

FOLDER = "identity"


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the box is and how it proves it. Addresses are `host:port`; keys and certificates PEM."""

    tenant: str
    store: str
    agent: str
    api_address: str
    agents_address: str
    key_pem: bytes
    certificate_pem: bytes
    bundle_pem: bytes
    issued_at: datetime
    renew_at: datetime
    expires_at: datetime

    @property
    def validity(self) -> Validity:
        """When the certificate is good."""
        return Validity(issued_at=self.issued_at, renew_at=self.renew_at, expires_at=self.expires_at)

    def __repr__(self) -> str:
        """Return who it is, without the key."""
        return f"Identity({self.tenant}/{self.store}/{self.agent})"


class Keystore:
    """The folder `identity` in a data directory. Its methods block for a few fsyncs; call them off the event loop where that matters."""

    def __init__(self, data_directory: Path) -> None:
        self._folder = data_directory / FOLDER
        self._file = self._folder / "identity.json"
        self._next_key = self._folder / "next-key.pem"

    def load(self) -> Identity | None:
        """Return the identity, None before enrolment; raise Permanent(SETTINGS_INVALID) when its file is damaged or open to others."""
        raw = self._read(self._file)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=Identity)
        except msgspec.MsgspecError as error:
            raise _unusable(self._file, f"it is damaged ({error}); enrol the box again with a join token") from error

    def save(self, identity: Identity) -> None:
        """Replace the identity, then forget the next key: it is the present one now."""
        self._replace(self._file, msgspec.json.encode(identity))
        self._next_key.unlink(missing_ok=True)
        _sync(self._folder)

    def next_key(self, make: Callable[[], bytes]) -> bytes:
        """Return the key of the request under way, or store a new one before it is used."""
        present = self.load()
        key = self._read(self._next_key)
        if key is not None and (present is None or key != present.key_pem):
            return key
        key = make()
        self._replace(self._next_key, key)
        return key

    def _read(self, file: Path) -> bytes | None:
        try:
            with file.open("rb") as opened:
                if os.fstat(opened.fileno()).st_mode & 0o077:
                    raise _unusable(file, f"others may read it; run `chmod 600 {file}`")
                return opened.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(file, f"{error.strerror}; give it to the user that runs edge-agent") from error

    def _replace(self, file: Path, raw: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside = file.with_name(f".{file.name}.new")
            aside.unlink(missing_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(raw)
                opened.flush()
                os.fsync(opened.fileno())
            aside.replace(file)
            _sync(self._folder)
        except OSError as error:
            raise _unusable(
                file, f"{error.strerror}; free space, or give the folder to the user that runs edge-agent"
            ) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(file: Path, why: str) -> Permanent:
    return Permanent(Reason.SETTINGS_INVALID, f"{file} cannot be used: {why}.", path=str(file))
