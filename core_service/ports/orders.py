"""What orders need of a store: orders, reservations, exceptions, lineage, answers to requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from core_service.domain.exception import ExceptionStatus, ParkedException
from core_service.domain.order import LineageStep, Order, OrderStatus, Reservation

Place: TypeAlias = tuple[int, str]
"""A place in a listing: (created_at in milliseconds, id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders; None and empty text mean all."""

    status: OrderStatus | None = None
    reference: str = ""


class Orders(Protocol):
    """Orders and what is reserved for them."""

    async def add(self, orders: Sequence[Order]) -> None:
        """Record new orders with their lines."""

    async def get(self, order_id: str) -> Order | None:
        """Return an order."""

    async def get_many(self, order_ids: Iterable[str]) -> dict[str, Order]:
        """Return orders by id; unknown ids are absent."""

    async def save(self, order: Order) -> None:
        """Store a changed order; raises Transient(LEASE_LOST) when its stored version is not `order.version - 1`."""

    async def waiting_for(self, sku: str, limit: int) -> list[Order]:
        """Return orders AWAITING_STOCK with a line of the SKU, oldest first."""

    async def routed_since(self, location: str, since: datetime) -> int:
        """Return how many orders were routed to a location since a moment (its capacity used)."""

    async def add_reservations(self, reservations: Sequence[Reservation]) -> None:
        """Record promises."""

    async def reservations(self, order_id: str) -> list[Reservation]:
        """Return an order's reservations, open and closed."""

    async def close_reservations(self, order_id: str) -> None:
        """Mark an order's reservations as no longer open."""

    async def open_at(self, location: str, sku: str) -> list[Reservation]:
        """Return open reservations of a SKU at a location, newest first (they lose cover first)."""

    async def list(self, which: OrderFilter, before: Place | None, limit: int) -> list[Order]:
        """Return orders, newest first, before a place."""


class Exceptions(Protocol):
    """Parked messages."""

    async def add(self, exceptions: Sequence[ParkedException]) -> None:
        """Park; an exception already there (same id) is left as it is."""

    async def get(self, exception_id: str) -> ParkedException | None:
        """Return one."""

    async def save(self, exception: ParkedException) -> None:
        """Store one after a replay."""

    async def list(
        self, reason: str, status: ExceptionStatus | None, after: Place | None, limit: int
    ) -> list[ParkedException]:
        """Return exceptions, oldest first, after a place."""

    async def about(self, reason: str, record_ids: Iterable[str]) -> Sequence[ParkedException]:
        """Return the open exceptions of a reason that name one of these records, oldest first."""


class Lineage(Protocol):
    """What happened to records."""

    async def add(self, steps: Sequence[LineageStep]) -> None:
        """Append steps."""

    async def of(self, record_id: str) -> list[LineageStep]:
        """Return a record's steps, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """The first answer to a request: `digest` is SHA-256 of the request's business content, `answer` the serialised response."""

    caller: str
    request_id: str
    method: str
    digest: bytes
    answer: bytes
    at: datetime


class Answers(Protocol):
    """First answers to requests with an id, kept for ever (AIP-155)."""

    async def find(self, caller: str, method: str, request_id: str) -> StoredAnswer | None:
        """Return the first answer, if there is one."""

    async def add(self, answer: StoredAnswer) -> None:
        """Record it in the transaction of the effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """An event of a warehouse system, raw first. Unique by (location, event_id); the bytes are sealed under `raw_id`."""

    location: str
    event_id: str
    raw_id: str
    received_at: datetime
    processed: bool = False


class WebhookInbox(Protocol):
    """Durable inbox of webhooks: 2xx only after its commit."""

    async def add(self, event: WebhookEvent) -> bool:
        """Record an event; False when the location sent this id before."""

    async def get(self, location: str, event_id: str) -> WebhookEvent | None:
        """Return an event."""

    async def processed(self, location: str, event_id: str) -> None:
        """Mark it as processed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, for people."""

    at: datetime
    actor: str
    action: str
    subject: str
    note: str = ""


class Audit(Protocol):
    """Append-only record of what people and credentials changed."""

    async def add(self, entry: AuditEntry) -> None:
        """Append."""

    async def of(self, subject: str) -> list[AuditEntry]:
        """Return what was done to a subject, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much of what a tenant has: for people, not for decisions. Keys are status and reason names."""

    sales: int
    orders: dict[str, int]
    open_exceptions: dict[str, int]


class Tallies(Protocol):
    """Counts records."""

    async def count(self) -> Tally:
        """Return how many sales, orders by status and open exceptions by reason there are."""
