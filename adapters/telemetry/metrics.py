"""Prometheus behind the telemetry port: names and labels in, exposition text out; a metric appears with its first use.

    count, gauge, observe --> plain numbers by (name, label values) --> families, made when somebody reads /metrics

Every request counts several things, and reading is rare, so counting is an addition in a dictionary; it belongs to the event loop's thread.
A label that takes more values than it should does not grow the process: beyond `MOST_CHILDREN` combinations further ones count as `other`,
and `<namespace>_telemetry_overflow_total` says so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

MOST_CHILDREN = 200
_OTHER = "other"
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_BOUNDS = (*(str(bound) for bound in _BUCKETS), "+Inf")


@dataclass(slots=True)
class _Durations:
    """One histogram: how many fell into each bucket (not cumulated), and their sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * len(_BOUNDS))
    total: float = 0.0

    def buckets(self) -> list[tuple[str, float]]:
        """Return the cumulated counts by upper bound."""
        seen, found = 0, []
        for bound, count in zip(_BOUNDS, self.counts, strict=True):
            seen += count
            found.append((bound, float(seen)))
        return found


_Values = dict[tuple[str, ...], float]


class PrometheusTelemetry(Collector):
    """Implements `adapters.seams.telemetry.Telemetry`. Memory, CPU and open files of the process come with it."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._labels: dict[str, tuple[str, ...]] = {}
        self._counters: dict[str, _Values] = {}
        self._gauges: dict[str, _Values] = {}
        self._durations: dict[str, dict[tuple[str, ...], _Durations]] = {}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(self)

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""
        values = self._counters.get(name)
        if values is None:
            values = self._counters[name] = {}
        key = self._key(name, labels, values)
        values[key] = values.get(key, 0) + amount

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        values = self._gauges.setdefault(name, {})
        values[self._key(name, labels, values)] = value

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration in a histogram named `<name>_seconds`."""
        found = self._durations.get(name)
        if found is None:
            found = self._durations[name] = {}
        key = self._key(name, labels, found)
        durations = found.get(key)
        if durations is None:
            durations = found[key] = _Durations()
        durations.counts[bisect_left(_BUCKETS, seconds)] += 1
        durations.total += seconds

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the families, for the registry."""
        for name, values in sorted(self._counters.items()):
            counter = CounterMetricFamily(*self._names(name), labels=self._labels[name])
            for key, value in values.items():
                counter.add_metric(key, value)
            yield counter
        for name, values in sorted(self._gauges.items()):
            gauge = GaugeMetricFamily(*self._names(name), labels=self._labels[name])
            for key, value in values.items():
                gauge.add_metric(key, value)
            yield gauge
        for name, durations in sorted(self._durations.items()):
            full, words = self._names(name)
            histogram = HistogramMetricFamily(f"{full}_seconds", words, labels=self._labels[name])
            for key, one in durations.items():
                histogram.add_metric(key, one.buckets(), one.total)
            yield histogram

    def _key(
        self, name: str, labels: dict[str, str], known: _Values | dict[tuple[str, ...], _Durations]
    ) -> tuple[str, ...]:
        """Return the label values in the order of the metric's first use; its label names are those of that use."""
        names = self._labels.get(name)
        if names is None:
            names = self._labels[name] = tuple(sorted(labels))
        key = tuple([labels.get(label, "") for label in names])
        if key in known or len(known) < MOST_CHILDREN:
            return key
        self.count("telemetry_overflow")
        return (_OTHER,) * len(names)

    def _names(self, name: str) -> tuple[str, str]:
        return f"{self._namespace}_{name}", name.replace("_", " ").capitalize()
