"""What the product counts and measures: names and labels in, nothing out; implemented at the top of each process."""

from __future__ import annotations

from typing import Protocol


class Telemetry(Protocol):
    """A port for metrics. Names are `snake_case` without prefix or unit suffix `_total`; labels are few and bounded, never ids or tenants' data."""

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration."""


class NoTelemetry:
    """Counts nothing."""

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Ignore."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Ignore."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Ignore."""


class MemoryTelemetry:
    """Keeps everything, for tests: `counters[(name, (("label", "value"), ...))]`."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
        self.gauges: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.durations: dict[str, list[float]] = {}

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add."""
        key = (name, tuple(sorted(labels.items())))
        self.counters[key] = self.counters.get(key, 0) + amount

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set."""
        self.gauges[(name, tuple(sorted(labels.items())))] = value

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Append."""
        self.durations.setdefault(name, []).append(seconds)

    def total(self, name: str) -> int:
        """Return a counter summed over its labels."""
        return sum(value for (key, _), value in self.counters.items() if key == name)
