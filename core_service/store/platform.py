"""What no tenant owns: tenants with their sealing keys, directories for signing in and enrolling, who is shut out."""

from __future__ import annotations

from sqlalchemy import and_, select, update

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from core_service.domain.fleet import AgentIdentity
from core_service.domain.setup import Credential, Tenant
from core_service.store.credentials import SqlCredentials, to_credential
from core_service.store.sealers import TenantSealers
from core_service.store.tables.fleet import agent, certificate, join_token_tenant
from core_service.store.tables.setup import credential as credentials
from core_service.store.tables.setup import credential_tenant
from core_service.store.tables.setup import tenant as tenants
from core_service.store.work_claims import Transactions


class SqlPlatform:
    """The platform's own; each method is its own transaction."""

    def __init__(self, transactions: Transactions, sealers: TenantSealers) -> None:
        self._transactions = transactions
        self._sealers = sealers

    async def put_tenant(self, tenant: Tenant) -> None:
        """Create or rename; a new tenant gets its own key for sealing."""
        if not tenant.tenant:
            raise Permanent(Reason.FIELD_INVALID, "A tenant needs an id; give a short name.", path="tenant")
        wrapped = await self._sealers.new_key(tenant.tenant)
        async with self._transactions.writing() as transaction:
            row = {
                "tenant": tenant.tenant,
                "name": tenant.name,
                "wrapped_key": wrapped,
                "created_at": to_millis(transaction.means.clock.now()),
            }
            if not await transaction.add_first(tenants, row):
                renamed = update(tenants).where(tenants.c.tenant == tenant.tenant).values(name=tenant.name)
                await transaction.execute(renamed)

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        """Return tenants by id, after one."""
        async with self._transactions.reading() as transaction:
            rows = await transaction.rows(
                select(tenants).where(tenants.c.tenant > after).order_by(tenants.c.tenant).limit(limit)
            )
        return [Tenant(tenant=row.tenant, name=row.name) for row in rows]

    async def tenant(self, tenant: str) -> Tenant | None:
        """Return one."""
        async with self._transactions.reading() as transaction:
            row = await transaction.row(select(tenants).where(tenants.c.tenant == tenant))
        return Tenant(tenant=row.tenant, name=row.name) if row else None

    async def credential(self, credential: str) -> Credential | None:
        """Return a credential of any tenant, for signing in."""
        same = and_(
            credentials.c.tenant == credential_tenant.c.tenant,
            credentials.c.credential == credential_tenant.c.credential,
        )
        statement = (
            select(credentials)
            .select_from(credential_tenant.join(credentials, same))
            .where(credential_tenant.c.credential == credential)
        )
        async with self._transactions.reading() as transaction:
            row = await transaction.row(statement)
        return to_credential(row) if row else None

    async def add_platform_credential(self, credential: Credential) -> None:
        """Record a credential that belongs to no tenant."""
        async with self._transactions.writing() as transaction:
            await SqlCredentials(transaction).add(credential)

    async def token_tenant(self, token_hash: bytes) -> str | None:
        """Return the tenant of a join token."""
        statement = select(join_token_tenant.c.tenant).where(join_token_tenant.c.token_hash == token_hash)
        async with self._transactions.reading() as transaction:
            row = await transaction.row(statement)
        return str(row.tenant) if row else None

    async def agent_revoked(self, identity: AgentIdentity, serial: str) -> bool | None:
        """Whether the agent or this certificate is shut out; None when the agent is unknown. For the choke-point, on every call.

        A certificate that is not on record is not shut out by that: after a restore those issued since the backup are missing.
        """
        same = and_(certificate.c.tenant == agent.c.tenant, certificate.c.serial == serial)
        statement = (
            select(agent.c.store, agent.c.revoked_at, certificate.c.agent.label("holder"))
            .select_from(agent.join(certificate, same, isouter=True))
            .where(agent.c.tenant == identity.tenant, agent.c.agent == identity.agent)
        )
        async with self._transactions.reading() as transaction:
            row = await transaction.row(statement)
        if row is None:
            return None
        anothers = row.holder is not None and row.holder != identity.agent
        return row.revoked_at is not None or row.store != identity.store or anothers
