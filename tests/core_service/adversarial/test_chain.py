"""For any interleaving levels are their movements, promises are covered or named, and goods on hand are what really moved.

Sales, voids, orders, cancellations, reports, receipts, counts, transfers, rights, crashes before and after commits, restored disks.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_service.domain.order import OrderStatus
from tests.core_service.adversarial.chain import PLACES, Chain
from tests.core_service.shop import SKUS, open_shop

small = st.integers(min_value=1, max_value=4)
which = st.integers(min_value=0, max_value=5)
skus = st.sampled_from(SKUS)
reported = st.sampled_from(
    [
        OrderStatus.DISPATCHED,
        OrderStatus.PICKED,
        OrderStatus.PACKED,
        OrderStatus.SHIPPED,
        OrderStatus.DELIVERED,
        OrderStatus.CANCELLED,
    ]
)
steps = st.one_of(
    st.tuples(st.just("sale"), which, skus, small, st.booleans()),
    st.tuples(st.just("sale"), which, skus, small, st.just(False)),
    st.tuples(st.just("void"), which),
    st.tuples(st.just("send"), small),
    st.tuples(st.just("send"), small),
    st.tuples(st.just("move"), st.just("receive"), st.sampled_from(PLACES), skus, st.integers(1, 12)),
    st.tuples(st.just("move"), st.just("adjust"), st.sampled_from(PLACES), skus, st.sampled_from([-5, -2, -1, 1, 3])),
    st.tuples(st.just("move"), st.just("transfer"), st.sampled_from(PLACES), skus, small),
    st.tuples(st.just("order"), skus, small),
    st.tuples(st.just("cancel"), which),
    st.tuples(st.just("report"), which, reported),
    st.tuples(st.just("rights"), which, st.integers(0, 4)),
    st.tuples(st.just("work")),
    st.tuples(st.just("new_disk")),
    st.tuples(st.just("crash"), st.sampled_from([".before_commit", ".committed"])),
)


async def run(plan: list[tuple[Any, ...]]) -> None:
    """Do every step and check after each."""
    async with open_shop() as shop:
        chain = Chain(shop)
        for room in ("ingest", "stock", "order"):
            for moment in (".before_commit", ".committed"):
                name = room + moment
                shop.failpoints.arm(name, lambda name=name: chain.crash(name))  # type: ignore[misc] # the loop's value
        for name, *arguments in plan:
            if name == "crash":
                chain.crash_at = arguments[0]
                continue
            await getattr(chain, name)(*arguments)
            await chain.check()
        await chain.check_goods()
        await chain.work()
        await chain.check()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=1, max_size=25))
def test_any_interleaving_keeps_goods_promises_and_rights_true(plan: list[tuple[Any, ...]]) -> None:
    """Checked after every step, and with everything sent and done at the end."""
    asyncio.run(run(plan))
