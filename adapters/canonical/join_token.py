"""What a technician pastes to make a box an agent: addresses, authorities and a secret in, one line of text out, and back again.

    tsj1.<base64url of: checksum (4 bytes of SHA-256 over the rest), then length-prefixed API address, agents' address, secret, authorities>

An authority is an X.509 certificate in DER. The checksum finds a line that was cut or mistyped; it protects nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from adapters.canonical.key import length_prefixed

_PREFIX = "tsj1."
_CHECKSUM_BYTES = 4
_LENGTH_BYTES = 8
_LONGEST = 64 * 1024
_FIELDS = 3


class JoinTokenError(ValueError):
    """A text that is no join token; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinToken:
    """Where to enrol, whom to trust there, and the one-use secret. Addresses are `host:port`."""

    api_address: str
    agents_address: str
    secret: str
    authorities: tuple[bytes, ...]
    """X.509 certificates, DER; at least one."""

    def encode(self) -> str:
        """Return the line of text."""
        texts = (self.api_address.encode(), self.agents_address.encode(), self.secret.encode())
        rest = length_prefixed(*texts, *self.authorities)
        return _PREFIX + base64.urlsafe_b64encode(_checksum(rest) + rest).decode().rstrip("=")

    def __repr__(self) -> str:
        """Return where it leads, without the secret."""
        return f"JoinToken({self.api_address!r})"


def decode_join_token(text: str) -> JoinToken:
    """Return what a line of text says, blanks around it and line breaks in it ignored; raise JoinTokenError for anything else."""
    line = "".join(text.split())
    if not line.startswith(_PREFIX) or len(line) > _LONGEST:
        raise JoinTokenError(f"a join token begins with {_PREFIX!r}")
    body = line.removeprefix(_PREFIX)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise JoinTokenError("it contains characters that no join token has") from error
    rest = raw[_CHECKSUM_BYTES:]
    if raw[:_CHECKSUM_BYTES] != _checksum(rest):
        raise JoinTokenError("a part of it is missing or mistyped")
    parts = _parts(rest)
    if len(parts) <= _FIELDS:
        raise JoinTokenError("it names no authority")
    try:
        api_address, agents_address, secret = (part.decode() for part in parts[:_FIELDS])
    except UnicodeDecodeError as error:
        raise JoinTokenError("an address in it is no text") from error
    return JoinToken(
        api_address=api_address, agents_address=agents_address, secret=secret, authorities=tuple(parts[_FIELDS:])
    )


def _parts(raw: bytes) -> list[bytes]:
    parts = []
    place = 0
    while place < len(raw):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(raw[place:start], "big")
        if place > len(raw):
            raise JoinTokenError("a part of it is missing")
        parts.append(raw[start:place])
    return parts


def _checksum(rest: bytes) -> bytes:
    return hashlib.sha256(rest).digest()[:_CHECKSUM_BYTES]
