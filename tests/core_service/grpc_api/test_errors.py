"""Errors as statuses: every reason has its code, and the reason, path and pause travel along."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from core_service.grpc_api.errors import CODE_OF, status_of


def test_every_reason_has_a_code() -> None:
    """Total over the catalogue: a new reason without a code fails here."""
    assert set(CODE_OF) == set(Reason)


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.NOT_READY, Reason.DATABASE_UNAVAILABLE])
def test_what_passes_by_itself_is_unavailable(reason: Reason) -> None:
    """Clients retry UNAVAILABLE by themselves."""
    assert CODE_OF[reason] is grpc.StatusCode.UNAVAILABLE


def test_reason_path_and_sentence_travel() -> None:
    """ErrorInfo says what programs read, the message what people read."""
    error = Permanent(Reason.FIELD_INVALID, "Write it otherwise.", path="store.name")
    status = status_of(error, correlation_id="c1")
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("FIELD_INVALID", "tillstream")
    assert dict(info.metadata) == {"path": "store.name", "correlation_id": "c1"}
    assert status.message == "Write it otherwise."


def test_a_pause_travels_as_retry_info() -> None:
    """In milliseconds, rounded up, so that nobody comes too early."""
    status = status_of(Transient(Reason.OVERLOADED, "Later.", retry_after=1.5001))
    retry = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 1501


def test_a_very_long_sentence_does_not_burst_the_trailers() -> None:
    """Peers limit trailers to 8 KiB."""
    status = status_of(Permanent(Reason.INTERNAL, "x" * 100_000))
    assert len(status.SerializeToString()) < 4096
