"""Prometheus behind the telemetry port: names and labels in, exposition text out; a metric appears with its first use."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class PrometheusTelemetry:
    """Implements `adapters.seams.telemetry.Telemetry`. The label names of a metric are those of its first use."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""
        if name not in self._counters:
            self._counters[name] = Counter(
                name, _words(name), sorted(labels), namespace=self._namespace, registry=self._registry
            )
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(
                name, _words(name), sorted(labels), namespace=self._namespace, registry=self._registry
            )
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration."""
        if name not in self._histograms:
            self._histograms[name] = Histogram(
                f"{name}_seconds",
                _words(name),
                sorted(labels),
                namespace=self._namespace,
                registry=self._registry,
                buckets=_BUCKETS,
            )
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
