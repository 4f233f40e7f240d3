"""Retention never touches what is young or unanswered, and frees no more than it must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.journal.retention import Retention, SettledEntry, removable

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RULE = Retention(keep_for=timedelta(days=14), keep_under_pressure=timedelta(days=2), always=2)
ENTRIES = st.lists(
    st.builds(
        lambda hours, size: SettledEntry(NOW - timedelta(hours=hours), size),
        st.integers(-48, 24 * 40),
        st.integers(1, 5000),
    ),
    max_size=30,
).map(lambda entries: sorted(entries, key=lambda entry: entry.settled_at))


@given(ENTRIES, st.integers(0, 10), st.integers(0, 50_000))
def test_what_goes_is_old_enough_and_enough_stays(entries: list[SettledEntry], younger: int, pressure: int) -> None:
    """Only a prefix of expired entries goes, under pressure of ones past the shorter age; the newest `always` stay."""
    count = removable(entries, len(entries) + younger, RULE, NOW, pressure)
    assert len(entries) + younger - count >= min(RULE.always, len(entries) + younger)
    shortest = RULE.keep_under_pressure if pressure else RULE.keep_for
    assert all(NOW - entry.settled_at > shortest for entry in entries[:count])


@given(ENTRIES, st.integers(0, 50_000))
def test_pressure_frees_no_more_than_it_asks(entries: list[SettledEntry], pressure: int) -> None:
    """Entries inside the full retention go only while bytes are still wanted."""
    count = removable(entries, len(entries) + 10, RULE, NOW, pressure)
    freed = 0
    for entry in entries[:count]:
        assert NOW - entry.settled_at > RULE.keep_for or freed < pressure
        freed += entry.size


@given(ENTRIES)
def test_everything_expired_goes_when_enough_younger_ones_stay(entries: list[SettledEntry]) -> None:
    """Without pressure exactly the expired ones go."""
    expired = [entry for entry in entries if NOW - entry.settled_at > RULE.keep_for]
    assert removable(entries, len(entries) + RULE.always, RULE, NOW) == len(expired)


def test_a_clock_that_went_back_deletes_nothing() -> None:
    """Entries settled in the future are kept."""
    entries = [SettledEntry(NOW, 1)] * 5
    assert removable(entries, 100, RULE, NOW - timedelta(days=20_000), pressure=10**9) == 0
