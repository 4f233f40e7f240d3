"""A failing destination is left alone for a while, then tried once, and trusted again after one success."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.seams.breaker import Breaker


def opened(at: float = 100.0) -> Breaker:
    """Return a breaker that three failures opened."""
    breaker = Breaker(threshold=3, cooldown=30.0)
    for _ in range(3):
        breaker = breaker.failed(at)
    return breaker


def test_it_opens_at_the_threshold_and_not_before() -> None:
    breaker = Breaker(threshold=3).failed(1.0).failed(2.0)
    assert breaker.allows(2.0)
    assert not breaker.failed(3.0).allows(3.0)


def test_it_is_half_open_after_the_cooldown() -> None:
    assert not opened().allows(129.9)
    assert opened().allows(130.0)


def test_a_failed_try_opens_it_anew_and_a_success_closes_it() -> None:
    assert not opened().failed(130.0).allows(159.9)
    assert opened().failed(130.0).allows(160.0)
    closed = opened().succeeded()
    assert closed.allows(100.0)
    assert closed.failures == 0


def test_failures_count_only_in_a_row() -> None:
    breaker = Breaker(threshold=2).failed(1.0).succeeded().failed(2.0)
    assert breaker.allows(2.0)


@given(events=st.lists(st.tuples(st.booleans(), st.integers(0, 10)), max_size=60))
def test_whatever_happens_it_allows_again_after_one_cooldown(events: list[tuple[bool, int]]) -> None:
    breaker, now = Breaker(), 0
    for success, passed in events:
        now += passed
        breaker = breaker.succeeded() if success else breaker.failed(now)
        assert breaker.allows(now) == (breaker.opened_at is None)
    assert breaker.allows(now + breaker.cooldown)
