"""How much a till's refused messages may take of the journal: a property of any hour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.intake.rejection_quota import RejectionLimits, full, spend

STEPS = st.lists(st.tuples(st.floats(0, 600), st.integers(0, 400)), max_size=200)


@given(STEPS)
def test_no_hour_keeps_more_than_two_allowances(steps: list[tuple[float, int]]):
    """A full bucket and what is refilled while it is emptied: never more, whatever the rhythm."""
    limits = RejectionLimits(messages_per_hour=10, bytes_per_hour=1000)
    left, now = full(limits, 0.0), 0.0
    kept: list[tuple[float, int]] = []
    for pause, size in steps:
        now += pause
        left, allowed = spend(left, size, limits, now)
        if allowed:
            kept.append((now, size))
    for start, _ in kept:
        hour = [size for at, size in kept if start <= at < start + 3600]
        assert len(hour) <= 20
        assert sum(hour) <= 2000


def test_a_mad_till_is_kept_again_an_hour_later():
    limits = RejectionLimits(messages_per_hour=2, bytes_per_hour=1000)
    left = full(limits, 0.0)
    outcomes = []
    for now in (0.0, 0.0, 0.0, 1799.0, 1801.0):
        left, allowed = spend(left, 10, limits, now)
        outcomes.append(allowed)
    assert outcomes == [True, True, False, False, True]


def test_what_is_not_kept_costs_nothing_and_a_clock_that_goes_back_gives_nothing():
    limits = RejectionLimits(messages_per_hour=2, bytes_per_hour=100)
    left, allowed = spend(full(limits, 10.0), 101, limits, 10.0)
    assert not allowed
    left, allowed = spend(left, 100, limits, 5.0)
    assert allowed
    assert left.size == 0
