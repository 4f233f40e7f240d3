"""Prometheus behind the telemetry port: names and labels in, exposition text out; a metric appears with its first use.

    metric name --> family (its label names are those of its first use) --> one child per combination of label values, bounded

A label that took more values than it should does not grow the agent: beyond `MOST_CHILDREN` combinations all further ones count as
`other`, and `tillstream_edge_telemetry_overflow_total` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

NAMESPACE = "tillstream_edge"
MOST_CHILDREN = 200
_OTHER = "other"
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

M = TypeVar("M", Counter, Gauge, Histogram)


@dataclass(slots=True)
class _Family(Generic[M]):
    """A metric with its children by label values, so that a hot path looks one dictionary up."""

    metric: M
    labels: tuple[str, ...]
    children: dict[tuple[str, ...], M] = field(default_factory=dict)


class PrometheusTelemetry:
    """Implements `adapters.seams.telemetry.Telemetry`. Memory, CPU and open files of the process come with it."""

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self._namespace = namespace
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._counters: dict[str, _Family[Counter]] = {}
        self._gauges: dict[str, _Family[Gauge]] = {}
        self._histograms: dict[str, _Family[Histogram]] = {}

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""
        family = self._counters.get(name)
        if family is None:
            names = tuple(sorted(labels))
            metric = Counter(name, _words(name), names, namespace=self._namespace, registry=self._registry)
            family = self._counters[name] = _Family(metric, names)
        self._child(family, labels).inc(amount)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        family = self._gauges.get(name)
        if family is None:
            names = tuple(sorted(labels))
            metric = Gauge(name, _words(name), names, namespace=self._namespace, registry=self._registry)
            family = self._gauges[name] = _Family(metric, names)
        self._child(family, labels).set(value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration in a histogram named `<name>_seconds`."""
        family = self._histograms.get(name)
        if family is None:
            names = tuple(sorted(labels))
            text = _words(name)
            full = f"{name}_seconds"
            metric = Histogram(full, text, names, namespace=self._namespace, registry=self._registry, buckets=_BUCKETS)
            family = self._histograms[name] = _Family(metric, names)
        self._child(family, labels).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _child(self, family: _Family[M], labels: dict[str, str]) -> M:
        if not family.labels:
            return family.metric
        values = tuple([labels.get(label, "") for label in family.labels])
        child = family.children.get(values)
        if child is not None:
            return child
        if len(family.children) >= MOST_CHILDREN:
            values = tuple([_OTHER] * len(family.labels))
            self.count("telemetry_overflow")
        child = family.children[values] = family.metric.labels(*values)
        return child


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
