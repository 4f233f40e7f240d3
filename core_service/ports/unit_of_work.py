"""One transaction of one tenant, and what belongs to the platform; opened by a factory, committed by name, rolled back otherwise.

async with core.begin("acme") as uow:          # one transaction
...
await uow.commit()
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core_service.domain.fleet import AgentIdentity
from core_service.domain.setup import Credential, Tenant
from core_service.ports.ingest import BusinessKeys, Inbox, Sales, SealedRaw, Streams
from core_service.ports.orders import Answers, Audit, Exceptions, Lineage, Orders, Tallies, WebhookInbox
from core_service.ports.setup import Credentials, Fleet, Locations, Skus, Stores, Tills
from core_service.ports.stock import RightsTransfers, Stock
from core_service.ports.work import Changes, FeedNumbering, WorkClaims, WorkQueue


class UnitOfWork(Protocol):
    """Repositories of one tenant on one transaction; none takes a tenant as an argument."""

    tenant: str
    streams: Streams
    inbox: Inbox
    keys: BusinessKeys
    sales: Sales
    raw: SealedRaw
    stock: Stock
    rights: RightsTransfers
    orders: Orders
    exceptions: Exceptions
    lineage: Lineage
    answers: Answers
    webhooks: WebhookInbox
    audit: Audit
    tallies: Tallies
    stores: Stores
    locations: Locations
    skus: Skus
    tills: Tills
    credentials: Credentials
    fleet: Fleet
    work: WorkQueue
    changes: Changes

    async def commit(self) -> None:
        """Make everything durable, all or nothing."""


class Platform(Protocol):
    """What no tenant owns; each method is its own transaction."""

    async def put_tenant(self, tenant: Tenant) -> None:
        """Create or rename; a new tenant gets its own key for sealing."""

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        """Return tenants by id, after one."""

    async def tenant(self, tenant: str) -> Tenant | None:
        """Return one."""

    async def credential(self, credential: str) -> Credential | None:
        """Return a credential of any tenant, for signing in."""

    async def add_platform_credential(self, credential: Credential) -> None:
        """Record a credential that belongs to no tenant."""

    async def token_tenant(self, token_hash: bytes) -> str | None:
        """Return the tenant of a join token."""

    async def agent_revoked(self, identity: AgentIdentity, serial: str) -> bool | None:
        """Whether the agent or this certificate is shut out; None when the agent is unknown. For the choke-point, on every call."""


class CoreStore(Protocol):
    """The core's database. `begin` is for writing (on SQLite one at a time), `read` sees one snapshot and commits nothing."""

    platform: Platform
    work_claims: WorkClaims
    feed: FeedNumbering

    def begin(self, tenant: str) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work; left without `commit` it is rolled back."""

    def read(self, tenant: str) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a snapshot for reading; `commit` raises."""

    async def close(self) -> None:
        """Dispose of every connection."""
