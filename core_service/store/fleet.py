"""Agents, join tokens and certificates: records in and out; a token and a recovery are used once by one conditional update."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from adapters.seams.clock import from_millis, to_millis
from core_service.domain.fleet import Agent, CertificateRecord, JoinToken
from core_service.store.tables.fleet import agent as agents
from core_service.store.tables.fleet import certificate as certificates
from core_service.store.tables.fleet import join_token, join_token_tenant
from core_service.store.transaction import Transaction


class SqlFleet:
    """Fleet of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put_agent(self, agent: Agent) -> None:
        """Create or replace."""
        row = {
            "agent": agent.agent,
            "store": agent.store,
            "enrolled_at": to_millis(agent.enrolled_at),
            "serial": agent.serial,
            "certificate_expires_at": to_millis(agent.certificate_expires_at),
            "revoked_at": _optional_millis(agent.revoked_at),
            "last_seen_at": _optional_millis(agent.last_seen_at),
            "version": agent.version,
            "clock_offset_ms": agent.clock_offset_ms,
            "epoch": agent.epoch,
        }
        await self._transaction.put(agents, [row])

    async def agent(self, agent: str) -> Agent | None:
        """Return one."""
        mine = self._transaction.mine(agents)
        row = await self._transaction.row(select(agents).where(mine, agents.c.agent == agent))
        return _agent(row) if row else None

    async def agents(self, store: str, after: str, limit: int) -> list[Agent]:
        """Return agents by id, after one; an empty store means all."""
        statement = select(agents).where(self._transaction.mine(agents), agents.c.agent > after)
        if store:
            statement = statement.where(agents.c.store == store)
        rows = await self._transaction.rows(statement.order_by(agents.c.agent).limit(limit))
        return [_agent(row) for row in rows]

    async def seen(self, agent: str, at: datetime, version: str, clock_offset_ms: int, epoch: bytes) -> None:
        """Record that an agent opened a stream."""
        opened = update(agents).where(self._transaction.mine(agents), agents.c.agent == agent)
        await self._transaction.execute(
            opened.values(last_seen_at=to_millis(at), version=version, clock_offset_ms=clock_offset_ms, epoch=epoch)
        )

    async def add_token(self, token: JoinToken) -> None:
        """Record a join token."""
        row = {
            "token_hash": token.token_hash,
            "store": token.store,
            "agent": token.agent,
            "expires_at": to_millis(token.expires_at),
            "used_at": _optional_millis(token.used_at),
            "used_key_hash": token.used_key_hash,
        }
        await self._transaction.add(join_token, [row])
        await self._transaction.add(join_token_tenant, [{"token_hash": token.token_hash}])

    async def token(self, token_hash: bytes) -> JoinToken | None:
        """Return a token."""
        mine = self._transaction.mine(join_token)
        row = await self._transaction.row(select(join_token).where(mine, join_token.c.token_hash == token_hash))
        if row is None:
            return None
        return JoinToken(
            token_hash=row.token_hash,
            store=row.store,
            agent=row.agent,
            expires_at=from_millis(row.expires_at),
            used_at=_optional_moment(row.used_at),
            used_key_hash=row.used_key_hash,
        )

    async def use_token(self, token_hash: bytes, at: datetime, key_hash: bytes) -> bool:
        """Use a token once; False when it was used before."""
        used = await self._transaction.changed(
            update(join_token)
            .where(
                self._transaction.mine(join_token),
                join_token.c.token_hash == token_hash,
                join_token.c.used_at.is_(None),
            )
            .values(used_at=to_millis(at), used_key_hash=key_hash)
        )
        return used == 1

    async def add_certificate(self, certificate: CertificateRecord) -> None:
        """Record an issued certificate."""
        row = {
            "serial": certificate.serial,
            "agent": certificate.agent,
            "store": certificate.store,
            "issued_at": to_millis(certificate.issued_at),
            "expires_at": to_millis(certificate.expires_at),
            "certificate_pem": certificate.certificate_pem,
            "recovered_key_hash": certificate.recovered_key_hash,
        }
        await self._transaction.add(certificates, [row])

    async def certificate(self, serial: str) -> CertificateRecord | None:
        """Return one by its hex serial."""
        mine = self._transaction.mine(certificates)
        row = await self._transaction.row(select(certificates).where(mine, certificates.c.serial == serial))
        return _certificate(row) if row else None

    async def newest_certificate(self, agent: str) -> CertificateRecord | None:
        """Return an agent's newest certificate."""
        row = await self._transaction.row(
            select(certificates)
            .where(self._transaction.mine(certificates), certificates.c.agent == agent)
            .order_by(certificates.c.issued_at.desc(), certificates.c.expires_at.desc(), certificates.c.serial.desc())
            .limit(1)
        )
        return _certificate(row) if row else None

    async def use_recovery(self, serial: str, key_hash: bytes) -> bool:
        """Use an expired certificate's one recovery; False when it was used before."""
        used = await self._transaction.changed(
            update(certificates)
            .where(
                self._transaction.mine(certificates),
                certificates.c.serial == serial,
                certificates.c.recovered_key_hash == b"",
            )
            .values(recovered_key_hash=key_hash)
        )
        return used == 1


def _optional_millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)


def _optional_moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)


def _agent(row: Row[Any]) -> Agent:
    return Agent(
        agent=row.agent,
        store=row.store,
        enrolled_at=from_millis(row.enrolled_at),
        serial=row.serial,
        certificate_expires_at=from_millis(row.certificate_expires_at),
        revoked_at=_optional_moment(row.revoked_at),
        last_seen_at=_optional_moment(row.last_seen_at),
        version=row.version,
        clock_offset_ms=row.clock_offset_ms,
        epoch=row.epoch,
    )


def _certificate(row: Row[Any]) -> CertificateRecord:
    return CertificateRecord(
        serial=row.serial,
        agent=row.agent,
        store=row.store,
        issued_at=from_millis(row.issued_at),
        expires_at=from_millis(row.expires_at),
        certificate_pem=row.certificate_pem,
        recovered_key_hash=row.recovered_key_hash,
    )
