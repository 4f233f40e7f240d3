"""Promises of core_service/work/retry.py."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.randomness import SeededRandomness
from core_service.work.retry import Park, TryAgain, after_failure

NOW = datetime(2026, 1, 5, tzinfo=UTC)
BACKOFF = Backoff(base=0.5, cap=300)


def test_a_permanent_error_parks_at_its_first_try() -> None:
    error = Permanent(Reason.WMS_REFUSED, "no")
    assert after_failure(error, 1, 12, NOW, BACKOFF, SeededRandomness(1)) == Park(Reason.WMS_REFUSED, "no")


def test_the_last_try_parks_and_keeps_what_was_said() -> None:
    decision = after_failure(Transient(Reason.WMS_UNREACHABLE, "silence."), 3, 3, NOW, BACKOFF, SeededRandomness(1))
    assert isinstance(decision, Park)
    assert decision.reason is Reason.ATTEMPTS_EXHAUSTED
    assert "silence." in decision.sentence


@given(attempt=st.integers(1, 11), seed=st.integers(0, 1000))
def test_a_transient_error_waits_within_the_jitters_ceiling(attempt: int, seed: int) -> None:
    error = Transient(Reason.WMS_UNREACHABLE, "later")
    decision = after_failure(error, attempt, 12, NOW, BACKOFF, SeededRandomness(seed))
    assert isinstance(decision, TryAgain)
    assert NOW <= decision.due_at <= NOW + timedelta(seconds=BACKOFF.ceiling(attempt - 1))


def test_the_other_sides_retry_after_is_honoured() -> None:
    error = Transient(Reason.WMS_UNREACHABLE, "later", retry_after=90)
    decision = after_failure(error, 1, 12, NOW, BACKOFF, SeededRandomness(1))
    assert isinstance(decision, TryAgain)
    assert decision.due_at >= NOW + timedelta(seconds=90)
