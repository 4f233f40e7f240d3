"""Times are read as RFC 3339 writes them and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.moment import MomentError, parse_moment

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moment=st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_a_moment_comes_back_with_its_offset(moment: datetime) -> None:
    found, offset = parse_moment(moment.isoformat())
    assert found == moment
    assert found.tzinfo is UTC
    assert timedelta(minutes=offset) == moment.utcoffset()


@pytest.mark.parametrize(
    ("text", "moment", "offset"),
    [
        ("2026-01-05T10:00:00Z", datetime(2026, 1, 5, 10, tzinfo=UTC), 0),
        ("2026-01-05t10:00:00z", datetime(2026, 1, 5, 10, tzinfo=UTC), 0),
        ("2026-01-05 10:00:00+05:30", datetime(2026, 1, 5, 4, 30, tzinfo=UTC), 330),
        ("2019-10-29T18:38:45.455006797Z", datetime(2019, 10, 29, 18, 38, 45, 455006, tzinfo=UTC), 0),
        ("2026-03-29T01:30:00+00:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 0),
    ],
)
def test_what_the_standard_allows_is_read(text: str, moment: datetime, offset: int) -> None:
    assert parse_moment(text) == (moment, offset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-05",
        "2026-01-05T10:00Z",
        "20260105T100000Z",
        "2026-W02-1T10:00:00Z",
        "2026-01-05T10:00:00+0100",
        "2026-02-30T10:00:00Z",
        "2016-11-16T25:44:22.837Z",
        "2020-04-06T16:39:323.001Z",
        "2016-12-31T23:59:60Z",
        "2026-01-05T10:00:00+24:00",
        "0001-01-01T00:30:00+01:00",
        "9999-12-31T23:30:00-01:00",
        "\u0662\u0660\u0662\u0666-01-05T10:00:00Z",
        "2026-01-05T10:00:00Z\n",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(MomentError):
        parse_moment(text)


def test_a_time_without_zone_is_refused_by_name() -> None:
    with pytest.raises(MomentError, match="has no zone"):
        parse_moment("2026-01-05T10:00:00")
