"""What was counted can be asked for, by labels in any order; counting nothing costs nothing."""

from __future__ import annotations

from adapters.seams.telemetry import MemoryTelemetry, NoTelemetry


def test_counters_add_up_by_labels_and_in_total() -> None:
    telemetry = MemoryTelemetry()
    telemetry.count("refused", door="rest", reason="X")
    telemetry.count("refused", 2, reason="X", door="rest")
    telemetry.count("refused", door="soap", reason="X")
    assert telemetry.counters["refused", (("door", "rest"), ("reason", "X"))] == 3
    assert telemetry.total("refused") == 4
    assert telemetry.total("unknown") == 0


def test_gauges_keep_the_last_value_and_durations_all() -> None:
    telemetry = MemoryTelemetry()
    telemetry.gauge("backlog", 1.0)
    telemetry.gauge("backlog", 2.0)
    telemetry.observe("accept", 0.1)
    telemetry.observe("accept", 0.2)
    assert telemetry.gauges["backlog", ()] == 2.0
    assert telemetry.durations["accept"] == [0.1, 0.2]


def test_nothing_is_kept_where_nothing_is_wanted() -> None:
    telemetry = NoTelemetry()
    telemetry.count("refused")
    telemetry.gauge("backlog", 1.0)
    telemetry.observe("accept", 0.1)
