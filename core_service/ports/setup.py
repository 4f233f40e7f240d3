"""What set-up and fleet need of a store: stores, locations, SKUs, tills, credentials, agents and their certificates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from core_service.domain.fleet import Agent, CertificateRecord, JoinToken
from core_service.domain.setup import Credential, Location, Sku, Store, Till, TillKey


class Stores(Protocol):
    """Shops of the tenant."""

    async def put(self, store: Store) -> None:
        """Create or replace."""

    async def get(self, store: str) -> Store | None:
        """Return one."""

    async def list(self, after: str, limit: int) -> list[Store]:
        """Return stores by id, after one."""


class Locations(Protocol):
    """Places that hold stock."""

    async def put(self, location: Location) -> None:
        """Create or replace."""

    async def get(self, location: str) -> Location | None:
        """Return one."""

    async def list(self, after: str, limit: int) -> list[Location]:
        """Return locations by id, after one."""


class Skus(Protocol):
    """Things that are sold, and their other names."""

    async def put(self, skus: Sequence[Sku]) -> None:
        """Create or replace; raises Permanent(ALREADY_EXISTS) when a GTIN or alias belongs to another SKU."""

    async def get(self, sku: str) -> Sku | None:
        """Return one."""

    async def resolve(self, names: Iterable[str]) -> dict[str, Sku]:
        """Return the SKU for each SKU, GTIN (any length, padded to 14) or alias; unknown names are absent."""

    async def list(self, after: str, limit: int) -> list[Sku]:
        """Return SKUs by id, after one."""


class Tills(Protocol):
    """Points of sale and their keys."""

    async def put(self, till: Till) -> None:
        """Create or replace."""

    async def get(self, store: str, till: str) -> Till | None:
        """Return one."""

    async def add_key(self, key: TillKey, previous_expires_at: datetime) -> None:
        """Add a till's key; keys without an end get `previous_expires_at`, ended ones are dropped."""

    async def keys(self, store: str, till: str, at: datetime) -> list[TillKey]:
        """Return the keys valid at a moment."""

    async def list(self, store: str, after: tuple[str, str], limit: int) -> list[Till]:
        """Return tills by (store, till), after one; an empty store means all."""


class Credentials(Protocol):
    """API credentials of the tenant."""

    async def add(self, credential: Credential) -> None:
        """Record one."""

    async def get(self, credential: str) -> Credential | None:
        """Return one."""

    async def revoke(self, credential: str) -> None:
        """End one."""

    async def list(self, after: str, limit: int) -> list[Credential]:
        """Return credentials by id, after one."""


class Fleet(Protocol):
    """Agents, join tokens and certificates of the tenant."""

    async def put_agent(self, agent: Agent) -> None:
        """Create or replace."""

    async def agent(self, agent: str) -> Agent | None:
        """Return one."""

    async def agents(self, store: str, after: str, limit: int) -> list[Agent]:
        """Return agents by id, after one; an empty store means all."""

    async def seen(self, agent: str, at: datetime, version: str, clock_offset_ms: int, epoch: bytes) -> None:
        """Record that an agent opened a stream."""

    async def add_token(self, token: JoinToken) -> None:
        """Record a join token."""

    async def token(self, token_hash: bytes) -> JoinToken | None:
        """Return a token."""

    async def use_token(self, token_hash: bytes, at: datetime, key_hash: bytes) -> bool:
        """Use a token once; False when it was used before."""

    async def add_certificate(self, certificate: CertificateRecord) -> None:
        """Record an issued certificate."""

    async def certificate(self, serial: str) -> CertificateRecord | None:
        """Return one by its hex serial."""

    async def newest_certificate(self, agent: str) -> CertificateRecord | None:
        """Return an agent's newest certificate."""

    async def use_recovery(self, serial: str, key_hash: bytes) -> bool:
        """Use an expired certificate's one recovery; False when it was used before."""
