"""Due work: what is to be done, when, and who holds it now; records of the one table that serves all background jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WorkKind(StrEnum):
    """What a piece of work does; the worker has one handler for each."""

    DISPATCH_ORDER = "dispatch_order"
    CANCEL_DISPATCH = "cancel_dispatch"
    ROUTE_ORDER = "route_order"
    WMS_EVENT = "wms_event"
    CHECK_SHIPMENT = "check_shipment"
    REPLAY_EXCEPTION = "replay_exception"
    TELL_TILL = "tell_till"
    """A till's key has ended: its store's agent is told; subject: `<store>/<till>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWork:
    """Work to enqueue in the transaction that causes it. `work_id` is derived, so that causing it twice enqueues it once.

    `destination` shares one breaker and concurrency limit; `subject` is the record it is about.
    """

    work_id: str
    kind: WorkKind
    subject: str
    destination: str
    due_at: datetime
    priority: int = 100
    max_attempts: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedWork:
    """Work held under a lease; completing it needs the same `fence`."""

    tenant: str
    work_id: str
    kind: WorkKind
    subject: str
    destination: str
    attempt: int
    """This try's number, from 1."""
    max_attempts: int
    fence: int
