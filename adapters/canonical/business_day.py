"""The business day of a moment: a UTC moment and the store's clock in, the day it counts to out; asked only when the till does not say.

A store says at which local time its business day ends. Before noon that end belongs to the night after the day, from noon on to the evening of it:

    ends 02:00    Monday 02:00 ........ Tuesday 01:59   is Monday
    ends 22:00    Sunday 22:00 ........ Monday 21:59    is Monday
    ends 00:00    the calendar day
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NOON = time(12, 0)
_DAY = timedelta(days=1)


def business_day(moment: datetime, zone: ZoneInfo, closing_time: time) -> date:
    """Return the business day that an aware moment counts to in a store of this zone; wall-clock time decides, so DST needs no care."""
    local = moment.astimezone(zone)
    wall = local.time()
    if closing_time < _NOON:
        return local.date() - _DAY if wall < closing_time else local.date()
    return local.date() + _DAY if wall >= closing_time else local.date()
