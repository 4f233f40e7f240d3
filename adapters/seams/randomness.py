"""Chance as an injected thing: ids, secrets and jitter come from here, so that a seed repeats a whole run."""

from __future__ import annotations

import random
import secrets
from typing import Protocol


class Randomness(Protocol):
    """What product code may draw."""

    def token(self, size: int) -> bytes:
        """Return `size` bytes, unpredictable in production."""

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two, for jitter."""


class SystemRandomness:
    """The operating system's randomness."""

    def token(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return secrets.token_bytes(size)

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two."""
        return random.SystemRandom().uniform(low, high)


class SeededRandomness:
    """The same draws for the same seed; for tests and the simulation only."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def token(self, size: int) -> bytes:
        """Return the next `size` bytes of the seed's stream."""
        return self._random.randbytes(size)

    def uniform(self, low: float, high: float) -> float:
        """Return the next number of the seed's stream."""
        return self._random.uniform(low, high)
