"""A seed repeats a whole run; production's draws are unpredictable and of the size asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.seams.randomness import SeededRandomness, SystemRandomness


@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(0, 40), max_size=6))
def test_a_seed_repeats_its_draws(seed: int, sizes: list[int]) -> None:
    first, second = SeededRandomness(seed), SeededRandomness(seed)
    for size in sizes:
        token = first.token(size)
        assert token == second.token(size)
        assert len(token) == size
        assert first.uniform(0, size) == second.uniform(0, size)


def test_production_draws_differ_and_stay_in_range() -> None:
    randomness = SystemRandomness()
    assert len({randomness.token(16) for _ in range(100)}) == 100
    assert all(2.0 <= randomness.uniform(2.0, 3.0) <= 3.0 for _ in range(100))
