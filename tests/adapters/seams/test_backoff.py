"""Waiting grows, is spread over its whole range, and never passes its cap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.seams.backoff import Backoff
from adapters.seams.randomness import SeededRandomness


@given(
    attempt=st.integers(0, 10_000),
    base=st.floats(0.001, 10),
    cap=st.floats(0.001, 3600),
    seed=st.integers(0, 2**32),
)
def test_a_wait_is_within_its_ceiling_and_the_ceiling_within_the_cap(
    attempt: int, base: float, cap: float, seed: int
) -> None:
    backoff = Backoff(base=base, cap=cap)
    assert 0 <= backoff.delay(attempt, SeededRandomness(seed)) <= backoff.ceiling(attempt) <= cap
    assert backoff.ceiling(attempt) <= backoff.ceiling(attempt + 1)


def test_waits_of_many_agents_are_spread_over_the_whole_range() -> None:
    """Full jitter: after an outage a fleet does not come back in step (faults row 73)."""
    backoff = Backoff(base=1.0, cap=32.0)
    waits = [backoff.delay(5, SeededRandomness(seed)) for seed in range(2000)]
    tenths = [sum(1 for wait in waits if tenth * 3.2 <= wait < (tenth + 1) * 3.2) for tenth in range(10)]
    assert min(tenths) > 120
