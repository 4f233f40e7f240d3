"""Metrics as Prometheus reads them, and never without bound."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from adapters.telemetry.metrics import MOST_CHILDREN, PrometheusTelemetry


def samples(telemetry: PrometheusTelemetry) -> dict[str, float]:
    """Return what Prometheus' own parser reads, by name and labels."""
    found = {}
    for family in text_string_to_metric_families(telemetry.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_counters_gauges_and_durations_are_read_as_they_were_told():
    telemetry = PrometheusTelemetry("tillstream_edge")
    telemetry.count("messages", door="sales")
    telemetry.count("messages", 2, door="sales")
    telemetry.count("messages", door="voids")
    telemetry.gauge("age", 1.5)
    telemetry.gauge("age", 2.5)
    for seconds in (0.0004, 0.001, 0.3, 99.0):
        telemetry.observe("commit", seconds)
    found = samples(telemetry)
    assert found["tillstream_edge_messages_total{door=sales}"] == 3
    assert found["tillstream_edge_messages_total{door=voids}"] == 1
    assert found["tillstream_edge_age"] == 2.5
    assert found["tillstream_edge_commit_seconds_count"] == 4
    assert found["tillstream_edge_commit_seconds_bucket{le=0.0005}"] == 1
    assert found["tillstream_edge_commit_seconds_bucket{le=0.001}"] == 2
    assert found["tillstream_edge_commit_seconds_bucket{le=0.5}"] == 3
    assert found["tillstream_edge_commit_seconds_bucket{le=+Inf}"] == 4
    assert abs(found["tillstream_edge_commit_seconds_sum"] - 99.3014) < 1e-9
    assert found["process_resident_memory_bytes"] > 0


def test_a_label_without_end_does_not_grow_the_agent():
    telemetry = PrometheusTelemetry("tillstream_edge")
    for number in range(MOST_CHILDREN + 50):
        telemetry.count("messages", till=str(number))
    found = samples(telemetry)
    assert found["tillstream_edge_messages_total{till=other}"] == 50
    assert found["tillstream_edge_telemetry_overflow_total"] == 50


def test_label_values_are_escaped():
    telemetry = PrometheusTelemetry("tillstream_edge")
    telemetry.count("messages", reason='a"b\nc\\d')
    assert samples(telemetry)['tillstream_edge_messages_total{reason=a"b\nc\\d}'] == 1
