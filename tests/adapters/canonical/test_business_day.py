"""The business day follows the store's clock and closing time, never UTC midnight."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.business_day import business_day

LONDON, TOKYO, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("moment", "zone", "closing", "day"),
    [
        (datetime(2026, 1, 5, 0, 30, tzinfo=UTC), LONDON, time(0), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 1, 59, tzinfo=UTC), LONDON, time(2), date(2026, 1, 4)),
        (datetime(2026, 1, 5, 2, 0, tzinfo=UTC), LONDON, time(2), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 21, 59, tzinfo=UTC), LONDON, time(22), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 22, 0, tzinfo=UTC), LONDON, time(22), date(2026, 1, 6)),
        (datetime(2026, 1, 4, 23, 0, tzinfo=UTC), TOKYO, time(0), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 4, 30, tzinfo=UTC), NEW_YORK, time(0), date(2026, 1, 4)),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), LONDON, time(2), date(2026, 3, 29)),  # 02:30 summer time
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), LONDON, time(2), date(2026, 10, 24)),  # 01:30 the second time
    ],
)
def test_the_stores_clock_and_closing_time_decide(moment: datetime, zone: ZoneInfo, closing: time, day: date) -> None:
    assert business_day(moment, zone, closing) == day


@given(
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis takes naive bounds
    zone=st.sampled_from([LONDON, TOKYO, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Pacific/Apia")]),
    closing=st.times().map(lambda found: found.replace(second=0, microsecond=0)),
)
def test_a_business_day_is_at_most_a_day_from_the_calendar(moment: datetime, zone: ZoneInfo, closing: time) -> None:
    assert abs(business_day(moment, zone, closing) - moment.astimezone(zone).date()) <= timedelta(days=1)
