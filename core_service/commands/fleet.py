"""Commands for the fleet: join tokens made, agents listed and shut out."""

from __future__ import annotations

from typing import Any

import click

from core_service.commands.surroundings import (
    ACTOR,
    MOST_LISTED,
    Surroundings,
    finish,
    json_option,
    known_tenant,
    say,
    table,
    tenant_option,
)
from core_service.fleet.roster import ListedAgent


@click.group()
def token() -> None:
    """Make one-use join tokens for agents."""


@token.command("create")
@tenant_option
@click.option("--store", required=True, help="The store that the box will speak for.")
@click.option("--agent", default="", help="Name of the agent; left out: the store's name and a number.")
@click.option("--lifetime", default=86_400, show_default=True, help="Seconds that it may be used.")
@json_option
@click.pass_obj
def create_token(here: Surroundings, /, *, tenant: str, store: str, agent: str, lifetime: int, as_json: bool) -> None:
    """Make a token; paste it into `edge-agent enrol` on the box."""

    async def work() -> dict[str, Any]:
        from core_service.fleet.certificates import CertificateAuthority
        from core_service.fleet.join_tokens import JoinTokens
        from core_service.parts import addresses

        authority = CertificateAuthority.open(here.settings.directory / "pki", here.clock, here.randomness)
        async with here.store() as opened:
            tokens = JoinTokens(
                core=opened,
                authority=authority,
                clock=here.clock,
                randomness=here.randomness,
                addresses=addresses(here.settings),
            )
            made = await tokens.create(
                await known_tenant(opened, tenant), store, actor=ACTOR, agent=agent, lifetime_seconds=lifetime
            )
        return {"join_token": made.text, "agent": made.agent, "expires_at": made.expires_at.isoformat()}

    answer = finish(work())
    say(
        answer,
        as_json=as_json,
        sentence=lambda: (
            f"{answer['join_token']}\n(shown once, makes {answer['agent']}; on the box: edge-agent enrol TOKEN)"
        ),
    )


@click.group()
def agents() -> None:
    """List agents and shut them out."""


@agents.command("list")
@tenant_option
@click.option("--store", default="", help="Only of this store.")
@json_option
@click.pass_obj
def list_agents(here: Surroundings, /, *, tenant: str, store: str, as_json: bool) -> None:
    """List agents with what the core last heard of them."""

    async def work() -> list[dict[str, Any]]:
        from core_service.fleet.roster import Roster

        async with here.store() as opened:
            roster = Roster(core=opened, clock=here.clock)
            return [
                _agent(one) for one in await roster.list(await known_tenant(opened, tenant), store, "", MOST_LISTED)
            ]

    rows = finish(work())
    columns = ("agent", "store", "last_seen_at", "watermark", "version", "certificate_expires_at", "revoked")
    say({"agents": rows}, as_json=as_json, sentence=lambda: table(rows, columns))


@agents.command("revoke")
@click.argument("agent")
@tenant_option
@click.option("--note", required=True, help="Why, for the audit.")
@json_option
@click.pass_obj
def revoke_agent(here: Surroundings, /, *, agent: str, tenant: str, note: str, as_json: bool) -> None:
    """Shut an agent out for good; it commits nothing from now on."""

    async def work() -> dict[str, Any]:
        from core_service.fleet.roster import Roster

        async with here.store() as opened:
            roster = Roster(core=opened, clock=here.clock)
            return _agent(await roster.revoke(await known_tenant(opened, tenant), agent, actor=ACTOR, note=note))

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"Agent {answer['agent']} of {answer['store']} is shut out.")


def _agent(listed: ListedAgent) -> dict[str, Any]:
    agent = listed.agent
    return {
        "agent": agent.agent,
        "store": agent.store,
        "enrolled_at": agent.enrolled_at.isoformat(),
        "certificate_expires_at": agent.certificate_expires_at.isoformat(),
        "last_seen_at": agent.last_seen_at.isoformat() if agent.last_seen_at else "",
        "version": agent.version,
        "clock_offset_ms": agent.clock_offset_ms,
        "watermark": listed.watermark,
        "revoked": agent.revoked_at is not None,
    }
