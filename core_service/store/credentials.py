"""API credentials: records in, found by id out, also before the tenant is known (by the platform's directory)."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row, select, update

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import from_millis, to_millis
from core_service.domain.setup import Credential, Scope
from core_service.store.tables.setup import credential as credentials
from core_service.store.tables.setup import credential_tenant
from core_service.store.transaction import Transaction


class SqlCredentials:
    """Credentials of one tenant; the platform's own stand under the empty tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, credential: Credential) -> None:
        """Record one; raises Permanent(FIELD_INVALID) for one that says it belongs to another tenant."""
        if credential.tenant != self._transaction.tenant:
            sentence = (
                f"The credential names tenant {credential.tenant!r} but is added to {self._transaction.tenant!r}."
            )
            raise Permanent(Reason.FIELD_INVALID, sentence, path="tenant")
        row = {
            "credential": credential.credential,
            "name": credential.name,
            "scopes": msgspec.json.encode(sorted(credential.scopes)).decode(),
            "secret_hash": credential.secret_hash,
            "created_at": to_millis(credential.created_at),
            "revoked": credential.revoked,
        }
        await self._transaction.add(credentials, [row])
        await self._transaction.add(credential_tenant, [{"credential": credential.credential}])

    async def get(self, credential: str) -> Credential | None:
        """Return one."""
        mine = self._transaction.mine(credentials)
        row = await self._transaction.row(select(credentials).where(mine, credentials.c.credential == credential))
        return to_credential(row) if row else None

    async def revoke(self, credential: str) -> None:
        """End one."""
        mine = self._transaction.mine(credentials)
        ended = update(credentials).where(mine, credentials.c.credential == credential).values(revoked=True)
        await self._transaction.execute(ended)

    async def list(self, after: str, limit: int) -> list[Credential]:
        """Return credentials by id, after one."""
        table = credentials
        mine = self._transaction.mine(table)
        statement = select(table).where(mine, table.c.credential > after).order_by(table.c.credential).limit(limit)
        return [to_credential(row) for row in await self._transaction.rows(statement)]


def to_credential(row: Row[Any]) -> Credential:
    """Return the credential of a row."""
    return Credential(
        credential=row.credential,
        tenant=row.tenant,
        name=row.name,
        scopes=frozenset(Scope(word) for word in msgspec.json.decode(row.scopes, type=list[str])),
        secret_hash=row.secret_hash,
        created_at=from_millis(row.created_at),
        revoked=row.revoked,
    )
