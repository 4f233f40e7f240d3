"""When to renew: at half life, spread over a fleet, more often towards the end, and never too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.identity.rotation import (
    GRACE,
    LONGEST_WAIT,
    Step,
    Validity,
    by_own_clock,
    next_step,
    renewal_time,
    retry_ceiling,
    waiting_seconds,
)

ISSUED = datetime(2026, 1, 5, 9, tzinfo=UTC)
LIFE = timedelta(days=30)
VALIDITY = Validity(issued_at=ISSUED, renew_at=ISSUED + LIFE / 2, expires_at=ISSUED + LIFE)
JITTERS = st.floats(0, 1)
MOMENTS = st.integers(-40 * 86400, 400 * 86400).map(lambda seconds: ISSUED + timedelta(seconds=seconds))


def test_the_steps_follow_each_other() -> None:
    """Each begins where the one before ends."""
    at = [
        ISSUED,
        VALIDITY.renew_at,
        VALIDITY.expires_at,
        VALIDITY.expires_at + GRACE,
        VALIDITY.expires_at + GRACE + timedelta(seconds=1),
    ]
    assert [next_step(VALIDITY, now, 0.0) for now in at] == [
        Step.WAIT,
        Step.RENEW,
        Step.RECOVER,
        Step.RECOVER,
        Step.ENROL_AGAIN,
    ]


@given(JITTERS)
def test_a_fleet_renews_spread_between_half_life_and_three_fifths(jitter: float) -> None:
    """Leaving twelve of thirty days for trouble."""
    assert VALIDITY.renew_at <= renewal_time(VALIDITY, jitter) <= ISSUED + LIFE * 0.6


@given(MOMENTS, JITTERS)
def test_while_there_is_nothing_to_do_the_wait_ends_in_time(now: datetime, jitter: float) -> None:
    """At most an hour, for clocks are set; never beyond the renewal."""
    wait = waiting_seconds(VALIDITY, now, jitter)
    assert 0 <= wait <= LONGEST_WAIT
    if next_step(VALIDITY, now, jitter) is Step.WAIT:
        assert now + timedelta(seconds=wait) <= renewal_time(VALIDITY, jitter) + timedelta(microseconds=1)
        assert wait > 0


@given(MOMENTS, st.integers(1, 1000))
def test_retries_are_never_hectic_and_never_rare(now: datetime, failures: int) -> None:
    """A minute at least, an hour at most."""
    assert 60 <= retry_ceiling(VALIDITY, now, failures) <= LONGEST_WAIT


def test_retries_come_more_often_towards_the_end() -> None:
    """With an hour left, every 72 seconds at the latest."""
    left = timedelta(hours=1)
    assert retry_ceiling(VALIDITY, VALIDITY.expires_at - left, 100) == 72
    assert retry_ceiling(VALIDITY, VALIDITY.renew_at, 100) == LONGEST_WAIT


@given(st.integers(-100 * 86400, 100 * 86400))
def test_a_wrong_clock_does_not_miss_the_real_expiry(offset: int) -> None:
    """By a clock that is off all the time, renewal begins at half life at the latest in real time, and expiry is noticed in time."""
    own = ISSUED + timedelta(seconds=offset)
    said = by_own_clock(own, ISSUED + LIFE / 2, ISSUED + LIFE)
    really = timedelta(seconds=-offset)
    assert said.renew_at + really <= ISSUED + LIFE / 2
    assert said.expires_at + really <= ISSUED + LIFE
    if offset == 0:
        assert (said.renew_at, said.expires_at) == (ISSUED + LIFE / 2, ISSUED + LIFE)
