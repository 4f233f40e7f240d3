"""The roster: which agents there are, where each stands, and shutting one out for good."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from core_service.domain.fleet import Agent
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAgent:
    """An agent with the entries committed in its present epoch."""

    agent: Agent
    watermark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Reads and changes the fleet of any tenant; the tenant comes from the caller's credential."""

    core: CoreStore
    clock: Clock

    async def list(self, tenant: str, store: str, after: str, limit: int) -> list[ListedAgent]:
        """Return agents by id, after one; an empty store means all."""
        async with self.core.read(tenant) as uow:
            return [await _listed(uow, agent) for agent in await uow.fleet.agents(store, after, limit)]

    async def get(self, tenant: str, agent: str) -> ListedAgent:
        """Return one; raise Permanent(NOT_FOUND) where there is none."""
        async with self.core.read(tenant) as uow:
            return await _listed(uow, await _known(uow, agent))

    async def revoke(self, tenant: str, agent: str, *, actor: str, note: str = "") -> ListedAgent:
        """Shut an agent out; doing it again changes nothing. Its open streams end within 60 seconds, it commits nothing at once."""
        if len(note) > _LONGEST_NOTE:
            raise Permanent(
                Reason.FIELD_INVALID, f"The note is longer than {_LONGEST_NOTE} characters; shorten it.", path="note"
            )
        async with self.core.begin(tenant) as uow:
            present = await _known(uow, agent)
            if present.revoked_at is not None:
                return await _listed(uow, present)
            now = self.clock.now()
            revoked = replace(present, revoked_at=now)
            await uow.fleet.put_agent(revoked)
            await uow.audit.add(AuditEntry(at=now, actor=actor, action="revoke_agent", subject=agent, note=note))
            listed = await _listed(uow, revoked)
            await uow.commit()
        return listed


async def _known(uow: UnitOfWork, agent: str) -> Agent:
    found = await uow.fleet.agent(agent)
    if found is None:
        sentence = f"There is no agent {agent!r}; `core-service agents list` shows those there are."
        raise Permanent(Reason.NOT_FOUND, sentence, path="agent")
    return found


async def _listed(uow: UnitOfWork, agent: Agent) -> ListedAgent:
    watermark = (await uow.streams.position(agent.agent, agent.epoch)).watermark if agent.epoch else 0
    return ListedAgent(agent=agent, watermark=watermark)
