"""FleetService: the OMS contract's messages in, use cases of `core_service.fleet` called, agents and join tokens out."""

from __future__ import annotations

from typing import Any

import grpc

from core_service.fleet.join_tokens import JoinTokens
from core_service.fleet.roster import ListedAgent, Roster
from core_service.grpc_api import caller, convert
from core_service.grpc_api.convert import timestamp
from core_service.grpc_api.paging import read_page
from tillstream.oms.v1 import fleet_service_pb2 as wire
from tillstream.oms.v1 import fleet_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class FleetService(fleet_service_pb2_grpc.FleetServiceServicer):
    """Lets agents join and shuts them out."""

    def __init__(self, join_tokens: JoinTokens, roster: Roster) -> None:
        self._join_tokens = join_tokens
        self._roster = roster

    async def CreateJoinToken(
        self, request: wire.CreateJoinTokenRequest, context: Context
    ) -> wire.CreateJoinTokenResponse:
        """Make a one-use token."""
        credential = caller.credential()
        made = await self._join_tokens.create(
            credential.tenant,
            convert.required(request.store, "store"),
            actor=f"credential:{credential.credential}",
            agent=convert.text(request.agent, "agent"),
            lifetime_seconds=request.lifetime_seconds,
        )
        return wire.CreateJoinTokenResponse(
            join_token=made.text, agent=made.agent, expire_time=timestamp(made.expires_at)
        )

    async def ListAgents(self, request: wire.ListAgentsRequest, context: Context) -> wire.ListAgentsResponse:
        """List agents by id."""
        store = convert.text(request.store, "store")
        page = read_page(("agents", store), request.page_size, request.page_token)
        found = await self._roster.list(caller.credential().tenant, store, page.after[0], page.limit)
        shown, token = page.cut(found, lambda listed: (listed.agent.agent,))
        return wire.ListAgentsResponse(agents=map(_agent, shown), next_page_token=token)

    async def GetAgent(self, request: wire.GetAgentRequest, context: Context) -> wire.GetAgentResponse:
        """Show one."""
        name = convert.required(request.agent, "agent")
        return wire.GetAgentResponse(agent=_agent(await self._roster.get(caller.credential().tenant, name)))

    async def RevokeAgent(self, request: wire.RevokeAgentRequest, context: Context) -> wire.RevokeAgentResponse:
        """Shut one out for good."""
        credential = caller.credential()
        name, note = convert.required(request.agent, "agent"), convert.text(request.note, "note", convert.LONGEST_NOTE)
        actor = f"credential:{credential.credential}"
        revoked = await self._roster.revoke(credential.tenant, name, actor=actor, note=note)
        return wire.RevokeAgentResponse(agent=_agent(revoked))


def _agent(listed: ListedAgent) -> wire.Agent:
    agent = listed.agent
    return wire.Agent(
        agent=agent.agent,
        store=agent.store,
        enrol_time=timestamp(agent.enrolled_at),
        certificate_expire_time=timestamp(agent.certificate_expires_at),
        last_seen_time=timestamp(agent.last_seen_at) if agent.last_seen_at else None,
        revoked=agent.revoked_at is not None,
        version=agent.version,
        clock_offset_ms=agent.clock_offset_ms,
        watermark=listed.watermark,
    )
