"""Agents and how they joined: records of who may speak for which store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentIdentity:
    """Who an agent is by its certificate's SAN URI `spiffe://tillstream/tenant/<t>/store/<s>/agent/<a>`."""

    tenant: str
    store: str
    agent: str

    @property
    def uri(self) -> str:
        """The SAN URI."""
        return f"spiffe://tillstream/tenant/{self.tenant}/store/{self.store}/agent/{self.agent}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An enrolled agent. `serial` is the hex serial of its newest certificate."""

    agent: str
    store: str
    enrolled_at: datetime
    serial: str
    certificate_expires_at: datetime
    revoked_at: datetime | None = None
    last_seen_at: datetime | None = None
    version: str = ""
    clock_offset_ms: int = 0
    epoch: bytes = b""
    """Its present epoch, as of its newest stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinToken:
    """A one-use token, stored by SHA-256. `used_key_hash` is SHA-256 of the public key (DER) that used it."""

    token_hash: bytes
    store: str
    agent: str
    expires_at: datetime
    used_at: datetime | None = None
    used_key_hash: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """An issued certificate. `recovered_key_hash` is SHA-256 of the public key for which its one recovery was used."""

    serial: str
    agent: str
    store: str
    issued_at: datetime
    expires_at: datetime
    certificate_pem: bytes
    recovered_key_hash: bytes = b""
