"""What background work and feeds need of a store: the table of due work, changes, and their numbering after commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from core_service.domain.work import ClaimedWork, NewWork

OMS = "oms"
"""The audience of the tenant's OMS; a store's audience is `store:<store>`."""


TenantDestination: TypeAlias = tuple[str, str]
"""(tenant, destination): tenants may call their warehouses alike."""


def store_audience(store: str) -> str:
    """Return the audience name of a store's agent."""
    return f"store:{store}"


class ChangeKind(StrEnum):
    """What a feed tells about; `subject` is the thing's id within the kind."""

    STOCK = "stock"
    """subject: `<location>/<sku>`"""
    ORDER = "order"
    TILL = "till"
    """subject: the till"""
    SKU = "sku"
    RIGHTS = "rights"
    """subject: the transfer id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that an audience is told about: only that it changed; the state is read when it is sent."""

    audience: str
    kind: ChangeKind
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """The newest revision at which a thing changed for an audience."""

    kind: ChangeKind
    subject: str
    revision: int


class Changes(Protocol):
    """Changes of the tenant: recorded unnumbered with their cause, numbered after commit, read by revision."""

    async def record(self, changes: Sequence[Change]) -> None:
        """Record that things changed, in the transaction that changes them."""

    async def since(self, audience: str, revision: int, limit: int) -> list[FeedItem]:
        """Return what changed after a revision, by revision; each thing once, at its newest."""

    async def newest(self, audience: str) -> int:
        """Return the newest revision of an audience; 0 when nothing was told yet."""


class WorkQueue(Protocol):
    """The tenant's side of due work: enqueue with the cause."""

    async def enqueue(self, work: Sequence[NewWork]) -> None:
        """Enqueue; work with an id already there is left as it is."""

    async def again(self, work: NewWork) -> None:
        """Enqueue, or make due again whatever its state (a replay, or news); who holds it loses its fence, so that it runs once more."""


class WorkClaims(Protocol):
    """The worker's side of due work, across tenants; each method is its own transaction."""

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, limit: int, skip: Sequence[TenantDestination]
    ) -> list[ClaimedWork]:
        """Take due work (or work whose lease ended) but for the destinations in `skip`, by priority then due time, with a new fence each."""

    async def complete(self, work: ClaimedWork, now: datetime) -> bool:
        """Mark as done if the fence still holds; False otherwise."""

    async def retry(self, work: ClaimedWork, due_at: datetime, reason: str, sentence: str) -> bool:
        """Give back for a later try if the fence still holds."""

    async def park(self, work: ClaimedWork, now: datetime, reason: str, sentence: str) -> bool:
        """Give up until a person acts, if the fence still holds."""


class FeedNumbering(Protocol):
    """Numbers committed changes, across tenants, by the one holder of a lease."""

    async def hold_lease(self, name: str, owner: str, now: datetime, lease_seconds: float) -> int | None:
        """Take or renew a named lease; return its fence, None when another holds it."""

    async def number(self, name: str, fence: int, limit: int) -> int:
        """Give revisions to at most `limit` unnumbered changes under the lease; return how many, 0 also when the fence is lost."""

    async def heads(self) -> dict[tuple[str, str], int]:
        """Return the newest revision of every (tenant, audience) that was ever told something."""

    async def feed_id(self) -> str:
        """Return this database's feed id; a restored database gets a new one by `core-service restore`."""
