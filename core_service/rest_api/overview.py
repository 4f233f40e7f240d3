"""The page for people: what stands where, tenant by tenant; counts in, one plain HTML page out, without scripts.

What needs a person comes first, with the next step; what runs by itself comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from adapters.reason_advice import ADVICE
from adapters.reasons import Reason
from core_service.domain.fleet import Agent
from core_service.domain.order import OrderStatus
from core_service.ports.orders import Tally
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

_MOST_TENANTS = 50
_MOST_AGENTS = 200
_CLOCK_TOLERANCE_MS = 60_000
_RENEWAL_IS_LATE = timedelta(days=7)
"""Certificates live 30 days and are renewed at half life: one that is this near its end is not renewing itself."""

_ENDED = (OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED)
_MEANING = {
    OrderStatus.RECEIVED: "taken, not yet routed",
    OrderStatus.AWAITING_STOCK: "no location can ship it now; follows by itself when stock comes",
    OrderStatus.ROUTED: "a warehouse is chosen, it has not answered yet",
    OrderStatus.DISPATCHED: "the warehouse has it",
    OrderStatus.PICKED: "off the shelf",
    OrderStatus.PACKED: "in its box",
    OrderStatus.SHIPPED: "on its way to the customer",
    OrderStatus.DELIVERED: "with the customer",
    OrderStatus.CANCEL_REQUESTED: "the warehouse was asked to stop it",
    OrderStatus.CANCELLED: "stopped",
}

_CODE = re.compile(r"`([^`]*)`")

_STYLE = """
:root { --ink: #1b1f24; --quiet: #57606a; --line: #d8dee4; --pale: #f6f8fa; --bad: #b42318; --good: #1a7f37 }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 3rem; color: var(--ink); background: #fff }
h1 { font-size: 1.3rem; margin: 0 } h2 { font-size: 1.2rem; margin: 2rem 0 .6rem } h3 { font-size: 1rem; margin: 1.6rem 0 .3rem }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 1px solid var(--line); padding-bottom: .6rem }
dl { display: flex; flex-wrap: wrap; gap: .8rem; margin: 0 } dl div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem 1rem; min-width: 8rem }
dt { color: var(--quiet); font-size: .87rem } dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 600; color: var(--quiet); font-size: .87rem } .counts td:last-child, .counts th:last-child { text-align: right; font-variant-numeric: tabular-nums }
code { background: var(--pale); padding: .1rem .35rem; border-radius: 4px; font-size: .87rem }
.bad { color: var(--bad); font-weight: 600 } .good { color: var(--good) } .quiet { color: var(--quiet) }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent, the entries it has settled in its present epoch, and when the newest of them was."""

    agent: Agent
    settled: int = 0
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantView:
    """What the page shows of one tenant."""

    tenant: str
    name: str
    tally: Tally
    agents: Sequence[AgentView]


async def overview_page(store: CoreStore, now: datetime, only_tenant: str = "") -> str:
    """Return the page about every tenant, or about one."""
    views = []
    for tenant in await store.platform.tenants("", _MOST_TENANTS):
        if only_tenant and tenant.tenant != only_tenant:
            continue
        async with store.read(tenant.tenant) as uow:
            agents = [await _view(uow, agent) for agent in await uow.fleet.agents("", "", _MOST_AGENTS)]
            views.append(
                TenantView(tenant=tenant.tenant, name=tenant.name, tally=await uow.tallies.count(), agents=agents)
            )
    return page(views, now)


def page(views: Sequence[TenantView], now: datetime) -> str:
    """Return the page as HTML."""
    body = "".join(_tenant(view, now) for view in views)
    nothing = "<p>No tenant yet. Next: <code>core-service tenant put TENANT --name NAME</code>.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tillstream core</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">'
        f"<style>{_STYLE}</style></head><body><header><h1>Tillstream core</h1>"
        f"<span class=quiet>{_stamp(now)}, renewed every 5 s</span></header>{body or nothing}</body></html>"
    )


async def _view(uow: UnitOfWork, agent: Agent) -> AgentView:
    if not agent.epoch:
        return AgentView(agent=agent)
    position = await uow.streams.position(agent.agent, agent.epoch)
    newest = await uow.inbox.get(agent.agent, agent.epoch, position.watermark) if position.watermark else None
    return AgentView(agent=agent, settled=position.watermark, settled_at=newest.committed_at if newest else None)


def _tenant(view: TenantView, now: datetime) -> str:
    orders = view.tally.orders
    waits = sum(view.tally.open_exceptions.values())
    ended = sum(orders.get(status, 0) for status in _ENDED)
    boxes = [one for one in view.agents if not one.agent.revoked_at]
    figures = (
        ("till documents booked", view.tally.sales, ""),
        ("orders under way", sum(orders.values()) - ended, ""),
        ("orders shipped or ended", ended, ""),
        ("agents", len(boxes), ""),
        ("exceptions open", waits, "bad" if waits else "good"),
    )
    tiles = "".join(f"<div><dt>{name}</dt><dd class='{how}'>{count:,}</dd></div>" for name, count, how in figures)
    return (
        f"<h2>{escape(view.name)} <span class=quiet>{escape(view.tenant)}</span></h2><dl>{tiles}</dl>"
        "<h3>What needs a person</h3>" + _exceptions(view)
        + "<h3>Stores' agents</h3>" + _agents(view, now)
        + "<h3>Orders</h3>" + _orders(orders)
    )  # fmt: skip


def _exceptions(view: TenantView) -> str:
    counts = view.tally.open_exceptions
    if not counts:
        return "<p class=good>Nothing: everything that came in is booked.</p>"
    rows = [
        (f"<code>{escape(reason)}</code>", *_advice(reason), f"{count:,}")
        for reason, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]
    command = f"core-service exceptions list --tenant {view.tenant}"
    table = _table(("Reason", "Who acts", "What it means, and the next step", "Open"), rows)
    return f"{table}<p>See them one by one: <code>{escape(command)}</code></p>"


def _advice(reason: str) -> tuple[str, str]:
    if reason not in Reason.__members__:
        return "", ""
    advice = ADVICE[Reason(reason)]
    step = _CODE.sub(r"<code>\1</code>", escape(advice.next_step))
    return escape(str(advice.owner)), f"{escape(advice.meaning)} <span class=quiet>{step}</span>"


def _orders(orders: dict[str, int]) -> str:
    if not orders:
        return "<p class=quiet>None yet.</p>"
    rows = [(status.value, _MEANING[status], f"{orders[status]:,}") for status in OrderStatus if orders.get(status)]
    return _table(("Status", "Meaning", "Orders"), rows)


def _agents(view: TenantView, now: datetime) -> str:
    if not view.agents:
        command = f"core-service token create --tenant {view.tenant} --store STORE"
        return f"<p class=quiet>None yet: <code>{escape(command)}</code>, then <code>edge-agent enrol TOKEN</code> on the box.</p>"
    ordered = sorted(view.agents, key=lambda one: (one.agent.revoked_at is not None, one.agent.store, one.agent.agent))
    head = ("Store", "Agent", "Newest entry settled", "Settled", "Last connected", "Version", "State")
    return _table(head, [_agent(one, now) for one in ordered], "agents")


def _agent(view: AgentView, now: datetime) -> tuple[str, ...]:
    agent = view.agent
    return (
        escape(agent.store),
        escape(agent.agent),
        _when(view.settled_at, now),
        f"{view.settled:,}",
        _when(agent.last_seen_at, now),
        escape(agent.version),
        _state(agent, now),
    )


def _state(agent: Agent, now: datetime) -> str:
    left = agent.certificate_expires_at - now
    if agent.revoked_at:
        return f"<span class=quiet>shut out {agent.revoked_at:%Y-%m-%d}</span>"
    if left <= timedelta():
        return "<span class=bad>certificate expired: run <code>edge-agent doctor</code> on the box</span>"
    if left < _RENEWAL_IS_LATE:
        return f"<span class=bad>certificate ends in {left.days} days and was not renewed</span>"
    if abs(agent.clock_offset_ms) > _CLOCK_TOLERANCE_MS:
        return f"<span class=bad>its clock is {_span(timedelta(milliseconds=abs(agent.clock_offset_ms)))} off</span>"
    if agent.last_seen_at is None:
        return "<span class=quiet>enrolled, never connected</span>"
    return "<span class=good>good</span>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "counts") -> str:
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table class={kind}><tr>{top}</tr>{body}</table>"


def _when(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "<span class=quiet>never</span>"
    return f'<span title="{_stamp(at)}">{_span(now - at)} ago</span>'


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
