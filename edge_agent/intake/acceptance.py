"""The one story of a till's message, whatever brought it: bytes of a known till in, a receipt after the fsync out, or a clear error.

    bytes --> mask --> read --> right door? --> what it does to own stock --> journal (fsync) --> receipt
                |        |           |-- refused: kept as `rejected`, told to the till

Who sent it is settled before (`sign_in`, `vendor_signature`, both on the original bytes). After `mask` nobody sees the original again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.canonical.entry import EntryContent, EntryKind
from adapters.canonical.key import BusinessKey
from adapters.canonical.sale import DocumentKind, NotASale, Reading, Sale
from adapters.errors import Permanent, TillstreamError, Transient
from adapters.pos.contract import Door, PosDialect, TillContext
from adapters.pos.doors import check_door
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints
from adapters.seams.telemetry import Telemetry
from edge_agent.intake import own_stock
from edge_agent.intake.receipts import receipt_id
from edge_agent.intake.rejections import Refused, Rejections
from edge_agent.ports import Accepted, Cache, CachedTill, Draft, Journal, OwnMovement


class MovingJournal(Journal, Protocol):
    """A journal that also remembers what its entries moved."""

    async def movements_of(self, kind: str, source: str, reference: str) -> tuple[OwnMovement, ...]:
        """Return what all revisions of a fact have moved together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message whose sender is known. `door` is None where a vendor posts everything to one address; `raw` is as received."""

    till: CachedTill
    raw: bytes
    transport: str
    door: Door | None = None
    idempotency_key: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceParts:
    """What acceptance works with. `store` names this agent's store; raises Transient(NOT_READY) before the box has been enrolled."""

    journal: MovingJournal
    cache: Cache
    dialect: Callable[[str], PosDialect]
    store: Callable[[], str]
    rejections: Rejections
    clock: Clock
    telemetry: Telemetry
    failpoints: Failpoints


@dataclass(slots=True)
class _Progress:
    """How far a message has come, for the case that it is refused."""

    received_at: datetime
    version: str = ""
    masked: bytes | None = None


class Acceptance:
    """Takes messages. One instance serves every transport."""

    def __init__(self, parts: AcceptanceParts) -> None:
        self._parts = parts

    async def accept(self, arrival: Arrival) -> Accepted | NotASale:
        """Make a till's message durable, or say that there is nothing to book.

        Raises Permanent with a stable reason for what cannot be understood (kept as rejected, within the quota), Transient when it is
        not accepted and to be sent again.
        """
        progress = _Progress(self._parts.clock.now())
        try:
            return await self._accept(arrival, progress)
        except Permanent as refusal:
            await self._keep_refused(arrival, progress, refusal)
            raise

    async def refuse(self, arrival: Arrival, refusal: Permanent) -> None:
        """Keep a message that its transport refused before anybody read it (too large, of another kind), masked if that can be done."""
        progress = _Progress(self._parts.clock.now())
        with suppress(Permanent):
            dialect = self._parts.dialect(arrival.till.dialect)
            progress.version = dialect.version
            progress.masked = dialect.mask(arrival.raw)
        await self._keep_refused(arrival, progress, refusal)

    async def _accept(self, arrival: Arrival, progress: _Progress) -> Accepted | NotASale:
        dialect = self._parts.dialect(arrival.till.dialect)
        progress.version = dialect.version
        context = self._context(arrival.till, progress.received_at)
        masked, reading = _understand(dialect, arrival, context, progress)
        if isinstance(reading.document, NotASale) or reading.key is None:
            self._count(arrival, "not_a_sale")
            return _nothing_to_book(reading)
        draft = await self._draft(arrival, masked, reading, progress)
        await self._parts.failpoints.hit("intake.before_append")
        accepted = await self._parts.journal.append(draft)
        await self._parts.failpoints.hit("intake.appended")
        self._count(arrival, "accepted" if accepted.first else "repeat")
        return accepted

    def _context(self, till: CachedTill, received_at: datetime) -> TillContext:
        try:
            zone = ZoneInfo(till.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            sentence = (
                f"Not accepted: this machine does not know the store's time zone {till.time_zone!r}. Install the system's time zone "
                "data (package tzdata), then send again."
            )
            raise Transient(Reason.NOT_READY, sentence, retry_after=60.0) from error
        return TillContext(
            store=self._parts.store(),
            till=till.till,
            currency=till.currency,
            received_at=received_at,
            time_zone=zone,
            closing_time=till.closing_time,
        )

    async def _draft(self, arrival: Arrival, masked: bytes, reading: Reading, progress: _Progress) -> Draft:
        key = reading.key
        if key is None:
            raise Permanent(Reason.INTERNAL, "A document without a business key cannot be booked: report this defect.")
        content = EntryContent(
            kind=EntryKind.TILL_DOCUMENT,
            transport=arrival.transport,
            dialect=arrival.till.dialect,
            dialect_version=progress.version,
            till=arrival.till.till,
            raw=masked,
            received_at=progress.received_at,
            receipt_id=receipt_id(self._parts.store(), arrival.till.till, key),
            key=key,
        )
        moved = await self._movements(reading, key)
        return Draft(
            content=content, movements=moved, repeat_key=_repeat_key(arrival, masked), traceparent=arrival.traceparent
        )

    async def _movements(self, reading: Reading, key: BusinessKey) -> tuple[OwnMovement, ...]:
        sale = reading.document
        if not isinstance(sale, Sale):
            return ()
        if sale.kind is not DocumentKind.VOID:
            return own_stock.movements(sale, await self._parts.cache.resolve(own_stock.items(sale)))
        for kind in own_stock.VOIDABLE:
            moved = await self._parts.journal.movements_of(kind, key.source, sale.original_reference or "")
            if moved:
                return own_stock.reversed_movements(moved)
        return ()

    async def _keep_refused(self, arrival: Arrival, progress: _Progress, refusal: Permanent) -> None:
        self._count(arrival, "refused")
        self._parts.telemetry.count("refusals", reason=refusal.reason, dialect=arrival.till.dialect)
        refused = Refused(
            till=arrival.till.till,
            transport=arrival.transport,
            dialect=arrival.till.dialect,
            dialect_version=progress.version,
            raw=arrival.raw,
            masked=progress.masked,
            error=refusal,
            received_at=progress.received_at,
            traceparent=arrival.traceparent,
        )
        await self._parts.rejections.keep(refused)

    def _count(self, arrival: Arrival, outcome: str) -> None:
        self._parts.telemetry.count(
            "messages", transport=arrival.transport, dialect=arrival.till.dialect, outcome=outcome
        )


def _understand(
    dialect: PosDialect, arrival: Arrival, context: TillContext, progress: _Progress
) -> tuple[bytes, Reading]:
    """Mask, read, and check the door; a dialect's own defect refuses this one message and keeps it for a person."""
    try:
        masked = dialect.mask(arrival.raw)
        progress.masked = masked
        reading = dialect.read(masked, context)
    except TillstreamError:
        raise
    except Exception as error:
        sentence = f"The agent failed to read the message ({type(error).__name__}); this is a defect of dialect {dialect.name} {dialect.version}: report it."
        raise Permanent(Reason.INTERNAL, sentence) from error
    if arrival.door is not None:
        check_door(arrival.till.dialect, reading, arrival.door)
    return masked, reading


def _nothing_to_book(reading: Reading) -> NotASale:
    if isinstance(reading.document, NotASale):
        return reading.document
    return NotASale(sentence="The message names no document: nothing to book.")


def _repeat_key(arrival: Arrival, masked: bytes) -> tuple[str, str, bytes] | None:
    """The digest covers the masked bytes: one over the original would let a masked card number be guessed."""
    if not arrival.idempotency_key:
        return None
    door = (arrival.door or "").encode()
    return (arrival.till.till, arrival.idempotency_key, hashlib.sha256(door + b"\0" + masked).digest())
