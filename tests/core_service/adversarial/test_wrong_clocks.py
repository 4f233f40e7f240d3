"""A clock that was wrong for a while stops nothing for longer than a lease (faults row 24)."""

from __future__ import annotations

from adapters.seams.clock import VirtualClock
from core_service.ports.work import OMS, Change, ChangeKind
from tests.core_service.core import empty_core

A_YEAR = 365 * 86_400.0
LEASE = 15.0


async def test_fault_024_a_feed_lease_taken_under_a_clock_far_ahead_is_taken_over() -> None:
    """The holder died, the clock was put right: the next process numbers the feed at once, and the old fence is refused."""
    clock = VirtualClock()
    async with empty_core(clock) as core:
        clock.jump(A_YEAR)
        lost = await core.feed.hold_lease("feed", "died", clock.now(), LEASE)
        clock.jump(-A_YEAR)
        held = await core.feed.hold_lease("feed", "next", clock.now(), LEASE)
        assert lost is not None
        assert held is not None
        async with core.begin("acme") as uow:
            await uow.changes.record([Change(audience=OMS, kind=ChangeKind.STOCK, subject="a/b")])
            await uow.commit()
        assert await core.feed.number("feed", lost, 10) == 0
        assert await core.feed.number("feed", held, 10) == 1


async def test_fault_024_a_lease_under_clocks_that_differ_a_little_is_kept() -> None:
    """Two servers, one of them ten seconds behind: the holder stays the holder."""
    clock = VirtualClock()
    async with empty_core(clock) as core:
        held = await core.feed.hold_lease("feed", "one", clock.now(), LEASE)
        clock.jump(-10)
        assert held is not None
        assert await core.feed.hold_lease("feed", "two", clock.now(), LEASE) is None
