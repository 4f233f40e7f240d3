"""The page for people: what stands where, tenant by tenant; counts in, one plain HTML page out, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from core_service.domain.fleet import Agent
from core_service.ports.orders import Tally
from core_service.ports.unit_of_work import CoreStore

_MOST_TENANTS = 50
_MOST_AGENTS = 200

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #1b1f24; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #d0d7de } h3 { font-size: 1rem }
table { border-collapse: collapse; margin: .5rem 0 1rem } th, td { text-align: left; padding: .2rem 1.2rem .2rem 0; vertical-align: top }
th { font-weight: 600; color: #57606a } td.number { text-align: right; font-variant-numeric: tabular-nums }
.bad { color: #b42318; font-weight: 600 } .good { color: #1a7f37 } .quiet { color: #57606a }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantView:
    """What the page shows of one tenant."""

    tenant: str
    name: str
    tally: Tally
    agents: Sequence[Agent]


async def overview_page(store: CoreStore, now: datetime, only_tenant: str = "") -> str:
    """Return the page about every tenant, or about one."""
    views = []
    for tenant in await store.platform.tenants("", _MOST_TENANTS):
        if only_tenant and tenant.tenant != only_tenant:
            continue
        async with store.read(tenant.tenant) as uow:
            agents = await uow.fleet.agents("", "", _MOST_AGENTS)
            views.append(
                TenantView(tenant=tenant.tenant, name=tenant.name, tally=await uow.tallies.count(), agents=agents)
            )
    body = (
        "".join(_tenant(view, now) for view in views) or "<p>No tenant yet: <code>core-service tenant put</code>.</p>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tillstream core</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">'
        f"<style>{_STYLE}</style></head><body><h1>Tillstream core</h1>"
        f'<p class="quiet">As of {now:%Y-%m-%d %H:%M:%S} UTC; renewed every 5 seconds.</p>{body}</body></html>'
    )


def _tenant(view: TenantView, now: datetime) -> str:
    tally = view.tally
    return (
        f"<h2>{escape(view.name)} <span class=quiet>{escape(view.tenant)}</span></h2>"
        f"<p>{tally.sales} documents of tills booked.</p>"
        "<h3>Orders</h3>" + _counts(tally.orders, "No orders yet.") + "<h3>Open exceptions</h3>" + _exceptions(view)
        + "<h3>Agents</h3>" + _agents(view.agents, now)
    )  # fmt: skip


def _counts(counts: dict[str, int], nothing: str) -> str:
    if not counts:
        return f"<p class=quiet>{nothing}</p>"
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=number>{count}</td></tr>" for name, count in sorted(counts.items())
    )
    return f"<table>{rows}</table>"


def _exceptions(view: TenantView) -> str:
    if not view.tally.open_exceptions:
        return "<p class=good>None: everything that came in is booked.</p>"
    command = f"core-service exceptions list --tenant {view.tenant}"
    return _counts(view.tally.open_exceptions, "") + f"<p>Look at them: <code>{escape(command)}</code></p>"


def _agents(agents: Sequence[Agent], now: datetime) -> str:
    if not agents:
        return "<p class=quiet>None yet: <code>core-service token create</code>, then <code>edge-agent enrol</code> on the box.</p>"
    head = "<tr><th>Agent</th><th>Store</th><th>Last stream opened</th><th>Version</th><th>State</th></tr>"
    return f"<table>{head}{''.join(_agent(agent, now) for agent in agents)}</table>"


def _agent(agent: Agent, now: datetime) -> str:
    seen = f"{agent.last_seen_at:%Y-%m-%d %H:%M:%S} UTC" if agent.last_seen_at else "never"
    if agent.revoked_at:
        state = "<span class=bad>shut out</span>"
    elif agent.certificate_expires_at < now:
        state = "<span class=bad>certificate expired</span>"
    else:
        state = "<span class=good>enrolled</span>"
    cells = (escape(agent.agent), escape(agent.store), seen, escape(agent.version), state)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
