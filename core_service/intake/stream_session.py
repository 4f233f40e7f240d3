"""One agent's stream in the core, above any transport: its messages in, what is committed out; nothing is settled before the commit.

    Open --> session taken, position read --> Opened --> stored verdicts the agent has not heard
    Batch --> checked --> writer --> Settled                  the next batch is decoded while this one commits, one more waits at most

Whose stream it is comes from the certificate. An older stream of the agent ends when a newer one opens, and commits nothing after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.canonical.uplink import Forked, Opened, OpenStream, SendBatch, Settled, UplinkAnswer, UplinkRequest
from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.deadline import cancelled, first_of, within
from adapters.seams.failpoint import Failpoints
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from core_service.domain.fleet import AgentIdentity
from core_service.intake import opening
from core_service.intake.admission import OpeningTurns
from core_service.intake.credit import CreditPolicy
from core_service.pipeline.continuity import DeclaredGap
from core_service.pipeline.ingest import IncomingBatch, Settlement
from core_service.ports.ingest import StreamPosition
from core_service.ports.unit_of_work import CoreStore

VERDICTS_AT_ONCE = 500
"""Stored verdicts in one message."""

EPOCH_BYTES = 16
CHAIN_BYTES = 32


class Writer(Protocol):
    """Where batches are committed; `core_service.pipeline.writer.IngestWriter`."""

    @property
    def backlog(self) -> int:
        """Entries submitted and not yet answered."""

    async def submit(self, batch: IncomingBatch) -> Settlement:
        """Return what was settled once it is committed."""


def _nobody() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamParts:
    """What every stream of this process shares. `committed` is called after each commit, so that the feed looks at once."""

    core: CoreStore
    writer: Writer
    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    failpoints: Failpoints
    turns: OpeningTurns
    sessions: OpenSessions
    credit: CreditPolicy = field(default_factory=CreditPolicy)
    committed: Callable[[], None] = _nobody
    open_seconds: float = 20.0
    commit_seconds: float = 60.0


class OpenSessions:
    """Streams open in this process, one an agent: taking an agent's place ends the one that had it."""

    def __init__(self) -> None:
        self._ended: dict[tuple[str, str], asyncio.Event] = {}

    @property
    def count(self) -> int:
        """How many agents have a stream open here."""
        return len(self._ended)

    def take(self, identity: AgentIdentity) -> asyncio.Event:
        """Return the event that is set when a newer stream of the same agent takes the place."""
        place = (identity.tenant, identity.agent)
        if older := self._ended.get(place):
            older.set()
        self._ended[place] = asyncio.Event()
        return self._ended[place]

    def leave(self, identity: AgentIdentity, mine: asyncio.Event) -> None:
        """Give the place up, unless a newer stream has it."""
        place = (identity.tenant, identity.agent)
        if self._ended.get(place) is mine:
            del self._ended[place]


class StreamSession:
    """One stream. `answers` is its whole life."""

    def __init__(self, parts: StreamParts, identity: AgentIdentity) -> None:
        self._parts = parts
        self._identity = identity
        self._session = b""
        self._epoch = b""
        self._position = StreamPosition(watermark=0, chain=b"")
        # One batch waits while one commits and one is being read: that bounds what a stream holds in memory.
        self._waiting: asyncio.Queue[SendBatch | None] = asyncio.Queue(maxsize=1)
        self._entries = 0
        self._bytes = 0

    async def answers(self, requests: AsyncIterator[UplinkRequest]) -> AsyncGenerator[UplinkAnswer, None]:
        """Yield the answers to a stream's messages until the agent ends it.

        Raises Permanent(FIELD_MISSING | FIELD_INVALID | TOO_LARGE | SEQUENCE_UNEXPECTED | SESSION_SUPERSEDED),
        AuthenticationFailed(AGENT_REVOKED) or Transient: the stream is over, and nothing beyond the last Settled is known to be committed.
        """
        message = await self._first(requests)
        superseded = self._parts.sessions.take(self._identity)
        self._parts.telemetry.gauge("uplink_streams", self._parts.sessions.count)
        try:
            yield await self._opened(message)
            async with aclosing(self._unheard_verdicts(message)) as unheard:
                async for settled in unheard:
                    yield settled
            async with aclosing(self._settlements(requests, superseded)) as settlements:
                async for answer in settlements:
                    yield answer
        finally:
            self._parts.sessions.leave(self._identity, superseded)
            self._parts.telemetry.gauge("uplink_streams", self._parts.sessions.count)

    async def _first(self, requests: AsyncIterator[UplinkRequest]) -> OpenStream:
        try:
            message = await within(self._parts.clock, self._parts.open_seconds, _next(requests))
        except TimeoutError as error:
            sentence = "The stream was opened and nothing was said; send an Open first."
            raise Transient(Reason.NOT_READY, sentence) from error
        if not isinstance(message, OpenStream):
            raise Permanent(Reason.FIELD_MISSING, "The first message of a stream is an Open.", path="open")
        check_open(message)
        return message

    async def _opened(self, message: OpenStream) -> Opened:
        self._session, self._epoch = self._parts.randomness.token(16), message.epoch
        async with self._parts.turns.turn():
            await self._parts.failpoints.hit("stream.opening")
            self._position = await opening.take_session(
                self._parts.core, self._identity, message, self._session, self._parts.clock.now()
            )
        if message.settled_sequence > self._position.watermark:
            self._parts.telemetry.count("uplink_rewound")
        return Opened(
            watermark=self._position.watermark,
            chain=self._position.chain,
            credit=self._parts.credit.grant(self._parts.writer.backlog),
            session_id=self._session.hex(),
        )

    async def _unheard_verdicts(self, message: OpenStream) -> AsyncGenerator[Settled, None]:
        """Yield stored verdicts for what was committed while its answer got lost (faults row 1)."""
        heard, watermark = message.settled_sequence, self._position.watermark
        while heard < watermark:
            through = min(heard + VERDICTS_AT_ONCE, watermark)
            async with self._parts.core.read(self._identity.tenant) as uow:
                verdicts = await uow.inbox.verdicts(self._identity.agent, self._epoch, heard, through)
            yield Settled(
                through=through,
                verdicts=tuple(verdicts),
                credit=self._parts.credit.grant(self._parts.writer.backlog),
            )
            heard = through

    async def _settlements(
        self, requests: AsyncIterator[UplinkRequest], superseded: asyncio.Event
    ) -> AsyncGenerator[UplinkAnswer, None]:
        taking = asyncio.ensure_future(self._take(requests))
        try:
            while (batch := await first_of(_until(superseded), self._next_batch(taking))) is not None:
                answer = await self._settle(batch)
                yield answer
                if isinstance(answer, Forked):
                    return
        finally:
            await cancelled(taking)

    async def _take(self, requests: AsyncIterator[UplinkRequest]) -> None:
        """Check and queue batches as they come; they stop coming while one waits (HTTP/2 flow control does the rest)."""
        async for message in requests:
            if not isinstance(message, SendBatch):
                raise Permanent(Reason.FIELD_INVALID, "Only the first message of a stream is an Open.", path="open")
            self._entries += len(message.entries)
            self._bytes += message.raw_bytes
            check_batch(message, self._parts.credit, self._entries, self._bytes)
            await self._waiting.put(message)
        await self._waiting.put(None)

    async def _next_batch(self, taking: asyncio.Future[None]) -> SendBatch | None:
        """Return the next batch, None at the stream's end; raises what was wrong with the message after the last good one."""
        if not self._waiting.empty():
            return self._waiting.get_nowait()
        waiting = asyncio.ensure_future(self._waiting.get())
        both: set[asyncio.Future[Any]] = {waiting, taking}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                taking.result()
            return await waiting
        finally:
            waiting.cancel()

    async def _settle(self, batch: SendBatch) -> Settled | Forked:
        gap = batch.gap
        incoming = IncomingBatch(
            identity=self._identity,
            session=self._session,
            epoch=self._epoch,
            expected=self._position,
            entries=batch.entries,
            gap=DeclaredGap(first=gap.first, last=gap.last, chain=gap.chain, sentence=gap.sentence) if gap else None,
        )
        try:
            settlement = await within(
                self._parts.clock, self._parts.commit_seconds, self._parts.writer.submit(incoming)
            )
        except TimeoutError as error:
            sentence = f"The core could not write for {self._parts.commit_seconds:.0f} s; open the stream anew."
            raise Transient(Reason.OVERLOADED, sentence, retry_after=5.0) from error
        except Permanent as error:
            if error.reason is not Reason.CHAIN_BROKEN:
                raise
            return await self._forked(batch, error)
        self._position = StreamPosition(watermark=settlement.through, chain=settlement.chain)
        self._entries -= len(batch.entries)
        self._bytes -= batch.raw_bytes
        self._parts.committed()
        await self._parts.failpoints.hit("stream.settled")
        return Settled(
            through=settlement.through,
            verdicts=settlement.verdicts,
            credit=self._parts.credit.grant(self._parts.writer.backlog),
        )

    async def _forked(self, batch: SendBatch, error: Permanent) -> Forked:
        sequence = self._position.watermark + 1
        self._parts.telemetry.count("uplink_forks")
        await opening.alarm_fork(
            self._parts.core, self._identity, opening.Fork(self._epoch, sequence), self._parts.clock.now()
        )
        return Forked(sequence=sequence, sentence=error.sentence)


def check_open(message: OpenStream) -> None:
    """Raise Permanent(FIELD_INVALID) with its path for a field that cannot be (faults row 49)."""
    _check(len(message.epoch) == EPOCH_BYTES, "open.epoch", f"is {EPOCH_BYTES} bytes")
    _check(len(message.settled_chain) == CHAIN_BYTES, "open.settled_chain", f"is {CHAIN_BYTES} bytes")
    _check(len(message.forked_from) in {0, EPOCH_BYTES}, "open.forked_from_epoch", f"is empty or {EPOCH_BYTES} bytes")
    _check(
        0 <= message.settled_sequence < message.next_sequence < 2**63, "open.next_sequence", "is above settled_sequence"
    )
    _check(0 <= message.clock_ms < 2**53, "open.clock_ms", "is milliseconds since 1970")


def check_batch(message: SendBatch, credit: CreditPolicy, entries: int, size: int) -> None:
    """Raise Permanent for a batch that is empty, misshapen or beyond what may ever be in flight (`entries`, `size` with this one)."""
    _check(bool(message.entries) or message.gap is not None, "batch.entries", "holds an entry, or there is a gap")
    if message.gap is not None:
        _check(len(message.gap.chain) == CHAIN_BYTES, "batch.gap.chain", f"is {CHAIN_BYTES} bytes")
    for entry in message.entries:
        _check(len(entry.chain) == CHAIN_BYTES, "batch.entries.chain", f"is {CHAIN_BYTES} bytes")
    if credit.exceeded_by(entries, size):
        sentence = f"{entries} entries and {size} bytes are in flight, more than any credit; wait for settlements."
        raise Permanent(Reason.TOO_LARGE, sentence, path="batch.entries")


def _check(holds: bool, path: str, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise Permanent(Reason.FIELD_INVALID, f"{path} {what}; update the agent, or report it as a defect.", path=path)


async def _next(requests: AsyncIterator[UplinkRequest]) -> UplinkRequest:
    try:
        return await anext(requests)
    except StopAsyncIteration as error:
        raise Permanent(Reason.FIELD_MISSING, "The stream ended before its Open.", path="open") from error


async def _until(superseded: asyncio.Event) -> SendBatch | None:
    await superseded.wait()
    sentence = "A newer stream of this agent was opened; only that one commits."
    raise Permanent(Reason.SESSION_SUPERSEDED, sentence)
