"""Promises of core_service/rest_api/overview.py: what needs a person stands there with its next step, and nothing of ours runs in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.seams.clock import VirtualClock
from core_service.domain.fleet import Agent
from core_service.domain.order import OrderStatus
from core_service.domain.setup import Tenant
from core_service.ports.orders import Tally
from core_service.rest_api.overview import AgentView, TenantView, overview_page, page
from tests.core_service.core import empty_core

NOW = VirtualClock().now()
AGENT = Agent(
    agent="leeds-1",
    store="leeds",
    enrolled_at=NOW - timedelta(days=9),
    serial="1",
    certificate_expires_at=NOW + timedelta(days=21),
    last_seen_at=NOW - timedelta(hours=3),
    version="0.1.0",
)


def _view(tally: Tally | None = None, *agents: AgentView) -> TenantView:
    return TenantView(
        tenant="acme", name="Acme", tally=tally or Tally(sales=0, orders={}, open_exceptions={}), agents=agents
    )


def test_an_open_exception_stands_there_with_who_acts_and_the_next_step() -> None:
    """The catalogue's own words, the commonest reason first."""
    told = page([_view(Tally(sales=7, orders={}, open_exceptions={"SKU_UNKNOWN": 2, "TOTALS_MISMATCH": 5}))], NOW)
    assert told.index("TOTALS_MISMATCH") < told.index("SKU_UNKNOWN")
    assert "<code>core-service sku put</code>" in told
    assert "core-service exceptions list --tenant acme" in told


def test_orders_stand_in_the_order_of_their_life() -> None:
    """Also those of which there are none are left out."""
    told = page([_view(Tally(sales=0, orders={"SHIPPED": 1200, "AWAITING_STOCK": 3}, open_exceptions={}))], NOW)
    assert told.index("AWAITING_STOCK") < told.index("SHIPPED")
    assert "1,200" in told
    assert "PACKED" not in told


def test_every_order_status_has_a_meaning() -> None:
    """A new one would fail here and not on somebody's screen."""
    everything = {status.value: 1 for status in OrderStatus}
    assert all(
        status in page([_view(Tally(sales=0, orders=everything, open_exceptions={}))], NOW) for status in everything
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ">good<"),
        ({"certificate_expires_at": NOW - timedelta(seconds=1)}, "certificate expired"),
        ({"certificate_expires_at": NOW + timedelta(days=3)}, "certificate ends in 3 days"),
        ({"clock_offset_ms": -7_200_000}, "its clock is 2 h off"),
        ({"revoked_at": NOW}, "shut out"),
        ({"last_seen_at": None}, "never connected"),
    ],
)
def test_an_agents_state_says_what_is_wrong(changed: dict[str, object], said: str) -> None:
    """One state for each agent, the worst first."""
    agent = Agent(**{**{name: getattr(AGENT, name) for name in Agent.__slots__}, **changed})
    assert said in page([_view(None, AgentView(agent=agent, settled=12, settled_at=NOW - timedelta(seconds=90)))], NOW)


def test_a_newest_entry_tells_its_age() -> None:
    """Data that flows, not a heartbeat."""
    assert "90 s ago" in page(
        [_view(None, AgentView(agent=AGENT, settled=12, settled_at=NOW - timedelta(seconds=90)))], NOW
    )


async def test_names_of_tenants_are_text_and_no_script_stands_on_the_page() -> None:
    """Also when a tenant is called so."""
    clock = VirtualClock()
    async with empty_core(clock, "acme", "other") as store:
        await store.platform.put_tenant(Tenant(tenant="acme", name="<script>alert(1)</script>"))
        everyone = await overview_page(store, clock.now())
        one = await overview_page(store, clock.now(), "other")
    assert "<script" not in everyone
    assert "&lt;script&gt;" in everyone
    assert "Other" in one
    assert "acme" not in one


def test_an_empty_core_says_the_next_step() -> None:
    """There is no tenant on the first day."""
    assert "core-service tenant put" in page([], NOW)
