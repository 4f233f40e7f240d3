"""What to do after a failed try: the error, the attempt and the time in; when to try again, or to park, out; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.randomness import Randomness


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Give the work back until `due_at`."""

    due_at: datetime
    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True)
class Park:
    """Give up until a person acts."""

    reason: Reason
    sentence: str


def after_failure(
    error: TillstreamError, attempt: int, max_attempts: int, now: datetime, backoff: Backoff, randomness: Randomness
) -> TryAgain | Park:
    """Decide after try number `attempt` (from 1): a Permanent error parks, a Transient one waits, the last try parks.

    The wait is full jitter, but never shorter than the other side asked for.
    """
    if isinstance(error, Permanent):
        return Park(error.reason, error.sentence)
    if attempt >= max_attempts:
        sentence = (
            f"Given up after {attempt} tries; the last one said: {error.sentence} Replay it when the cause is mended."
        )
        return Park(Reason.ATTEMPTS_EXHAUSTED, sentence)
    asked = error.retry_after if isinstance(error, Transient) and error.retry_after else 0.0
    wait = max(asked, backoff.delay(attempt - 1, randomness))
    return TryAgain(now + timedelta(seconds=wait), error.reason, error.sentence)
