"""Moments as outsiders write them: RFC 3339 text in, the UTC datetime and the source's offset out; never guesses a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,12})?(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_MINUTE = timedelta(minutes=1)


class MomentError(ValueError):
    """Text that is no moment; the message says why."""


def parse_moment(text: str) -> tuple[datetime, int]:
    """Return (aware UTC datetime, offset of the source in minutes); digits beyond microseconds are cut off.

    Raises MomentError for text that is not RFC 3339, has no zone, or names a day or time that does not exist.
    """
    found = _RFC_3339.fullmatch(text)
    if found is None:
        message = f"{text[:40]!a} is not a time such as 2026-01-05T10:00:00+01:00 (RFC 3339)"
        raise MomentError(message)
    if found["zone"] is None:
        message = f"{text[:40]!a} has no zone; add the offset, such as Z or +01:00"
        raise MomentError(message)
    try:
        local = datetime.fromisoformat(text.upper())
        offset = local.utcoffset() or timedelta(0)
        return local.astimezone(UTC), offset // _MINUTE
    except (ValueError, OverflowError) as error:
        message = f"{text[:40]!a} does not exist in the calendar or on the clock"
        raise MomentError(message) from error
