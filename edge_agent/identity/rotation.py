"""When to ask for the next certificate: validity, the time and jitter in, what to do now and how long to wait out; pure.

    issued ........ half life ..... expired ........ end of grace
      |   WAIT     |     RENEW     |     RECOVER    |  ENROL_AGAIN

Recovery is tried after the grace too, now and then: the core's clock decides, not this box's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(days=90)
"""For how long after its expiry the core recovers a certificate."""

LONGEST_WAIT = 3600.0
"""Seconds: no longer than this without looking at the clock, which may have been set."""

_JITTER = 0.2
"""Part of the time between half life and expiry over which a fleet's renewals are spread."""

_SHORTEST_RETRY = 60.0
_RETRY_PART = 50
_LONGEST_EXPONENT = 16


class Step(StrEnum):
    """What to do about the certificate now."""

    WAIT = "wait"
    RENEW = "renew"
    RECOVER = "recover"
    ENROL_AGAIN = "enrol_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a certificate was issued, should be renewed (the core says at half life), and expires; UTC by this box's clock."""

    issued_at: datetime
    renew_at: datetime
    expires_at: datetime


def by_own_clock(now: datetime, renew_at: datetime, expires_at: datetime) -> Validity:
    """Return the validity of a certificate that the core has just issued, from the core's times.

    They are also counted from `now`, and the earlier one is taken: a box whose clock is behind would else notice its expiry too late.
    """
    half = expires_at - renew_at
    return Validity(issued_at=now, renew_at=min(renew_at, now + half), expires_at=min(expires_at, now + 2 * half))


def next_step(validity: Validity, now: datetime, jitter: float, grace: timedelta = GRACE) -> Step:
    """Return what to do at `now`. `jitter` between 0 and 1 is drawn once for each certificate."""
    if now < renewal_time(validity, jitter):
        return Step.WAIT
    if now < validity.expires_at:
        return Step.RENEW
    return Step.RECOVER if now <= validity.expires_at + grace else Step.ENROL_AGAIN


def renewal_time(validity: Validity, jitter: float) -> datetime:
    """Return when renewal begins: from the time the core named on, spread over a fifth of what is left after it."""
    return validity.renew_at + (validity.expires_at - validity.renew_at) * _JITTER * jitter


def waiting_seconds(validity: Validity, now: datetime, jitter: float) -> float:
    """Return how long to sleep while nothing is to be done: until renewal, at most LONGEST_WAIT."""
    return min(max((renewal_time(validity, jitter) - now).total_seconds(), 0.0), LONGEST_WAIT)


def retry_ceiling(validity: Validity, now: datetime, failures: int) -> float:
    """Return the longest wait after so many failures in a row: doubled each time, at most a fiftieth of what is left, an hour at most.

    With 15 days left that is an hour; with an hour left, 72 seconds: the nearer the end, the more often it is tried.
    """
    left = max((validity.expires_at - now).total_seconds(), 0.0)
    most = max(min(left / _RETRY_PART, LONGEST_WAIT), _SHORTEST_RETRY) if left else LONGEST_WAIT
    return min(_SHORTEST_RETRY * 2.0 ** min(failures - 1, _LONGEST_EXPONENT), most)
