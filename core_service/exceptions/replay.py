"""Parked messages tried again: an exception's id in, the exception as it then stands and what was booked out.

Its sealed bytes are read with today's dialects and data and go the way of every entry (`core_service.pipeline`). A resolved exception is
left as it is, so that replaying twice has one effect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from adapters.canonical.entry import Entry, EntryKind, Verdict
from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from core_service.domain.exception import ExceptionStatus, ParkedException
from core_service.domain.order import LineageStep
from core_service.pipeline.decide import attempt
from core_service.pipeline.gather import desk_for, tills_of
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.normalise import Read, Sender, internal, read
from core_service.pipeline.park import owner, sentence_of, waits_for
from core_service.pipeline.persist import replay_work, write
from core_service.pipeline.rerouting import route_waiting
from core_service.ports.orders import Place
from core_service.ports.unit_of_work import UnitOfWork

ALARMS = frozenset({Reason.JOURNAL_GAP, Reason.FORK, Reason.CHAIN_BROKEN, Reason.ORDER_NOT_CANCELLABLE})
"""What books nothing when it is replayed: replaying says that someone has seen to it."""

_MATCHED_AT_ONCE = 500
_MOST_MATCHED = 5000
"""Replays caused by one transaction, about: writers behind it wait for it."""

_ENTRY_SOURCE = "store/"
_UNREAD = " Only its length and the place of the mistake were kept: let the till send it again, then close this."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The exception after a replay; `record_id` is what was booked, empty when it is still open or an alarm."""

    exception: ParkedException
    record_id: str = ""


Retry = Callable[[UnitOfWork, ParkedException], Awaitable[str]]
"""Tries an exception of another room again in the transaction; returns the record, raises TillstreamError when it is still wrong."""


class _UnwritableError(Exception):
    """Booking an entry failed half-way; `refusal` is what its exception is to say."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.refusal = error if isinstance(error, Permanent) else internal("write", error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The use case; `others` are retries by the first part of an exception's source (`wms`, `work`), given by their rooms in app.py."""

    pipeline: Pipeline
    others: Mapping[str, Retry] = field(default_factory=dict)

    async def replay(self, tenant: str, exception_id: str) -> Replayed:
        """Try once; raises Permanent(NOT_FOUND) for an unknown exception."""
        try:
            return await self._once(tenant, exception_id, self._tried)
        except _UnwritableError as unwritable:
            # Rolled back whole: what was written before the database refused must not be kept without the rest.
            refusal = unwritable.refusal

        async def refused(_uow: UnitOfWork, _exception: ParkedException) -> str:
            raise refusal

        return await self._once(tenant, exception_id, refused)

    async def _once(self, tenant: str, exception_id: str, retry: Retry) -> Replayed:
        async with self.pipeline.core.begin(tenant) as uow:
            exception = await uow.exceptions.get(exception_id)
            if exception is None:
                raise Permanent(Reason.NOT_FOUND, f"There is no exception {exception_id!r}.", path="exception_id")
            if exception.status is ExceptionStatus.RESOLVED:
                return Replayed(exception=exception, record_id=exception.record_id)
            try:
                record_id = await retry(uow, exception)
            except TillstreamError as error:
                after = _still_open(await uow.exceptions.get(exception_id) or exception, error)
            else:
                after = _resolved(exception, record_id)
            await uow.exceptions.save(after)
            await uow.lineage.add([_step(self.pipeline, after)])
            await self.pipeline.failpoints.hit("replay.before_commit")
            await uow.commit()
        await self.pipeline.failpoints.hit("replay.committed")
        self.pipeline.telemetry.count("replays", reason=after.reason, status=after.status)
        return Replayed(exception=after, record_id=after.record_id if after.status is ExceptionStatus.RESOLVED else "")

    async def _tried(self, uow: UnitOfWork, exception: ParkedException) -> str:
        if exception.reason in ALARMS:
            return exception.record_id
        if exception.reason is Reason.RIGHTS_OVERDRAWN:
            return await self._covered(uow, exception)
        room = exception.source.partition("/")[0]
        if room in self.others:
            return await self.others[room](uow, exception)
        if exception.source.startswith(_ENTRY_SOURCE) and exception.sequence:
            return await self._entry(uow, exception)
        sentence = f"Exceptions of {exception.source!r} cannot be replayed; settle it there."
        raise Permanent(exception.reason, sentence)

    async def _covered(self, uow: UnitOfWork, exception: ParkedException) -> str:
        """Route the order anew if it may move; the promise is covered when that (or new stock) resolved the exception."""
        await route_waiting(uow, exception.record_id, self.pipeline.router, self.pipeline.clock.now())
        now = await uow.exceptions.get(exception.exception_id)
        if now is not None and now.status is ExceptionStatus.OPEN:
            raise Permanent(exception.reason, exception.sentence)
        return exception.record_id

    async def _entry(self, uow: UnitOfWork, exception: ParkedException) -> str:
        store, entry = await _parked_entry(uow, exception)
        settings = await tills_of(uow, [(store, entry.content.till)])
        sender = Sender(agent=exception.agent, store=store, raw_id=exception.exception_id)
        again = read(sender, entry, settings, self.pipeline.readers)
        try:
            verdict = await self._booked(uow, again)
        except Transient:
            raise
        except Exception as error:
            raise _UnwritableError(error) from error
        if isinstance(verdict, TillstreamError):
            if verdict.reason is Reason.ORIGINAL_UNKNOWN:
                # It follows by itself when that document is booked, also if something else was wrong with it at first.
                await uow.exceptions.save(replace(exception, record_id=waits_for(again, uow.tenant)))
            raise verdict
        await uow.inbox.replace_verdict(exception.agent, exception.epoch, verdict)
        return verdict.record_id

    async def _booked(self, uow: UnitOfWork, again: Read) -> Verdict | TillstreamError:
        settings = await tills_of(uow, [(again.store, again.entry.content.till)])
        desk = await desk_for(uow, [again], settings, self.pipeline.clock.now())
        verdict, draft = attempt(desk, again, self.pipeline.router)
        if not isinstance(verdict, TillstreamError):
            desk.apply(draft.effects)
            await write(uow, desk)
        return verdict


async def replay_matching(uow: UnitOfWork, pipeline: Pipeline, reason: Reason, source: str = "") -> int:
    """Enqueue a replay of each open exception of a reason (and source, unless empty): a SKU, till or dialect has arrived; return how many."""
    now, matched = pipeline.clock.now(), 0
    after: Place | None = None
    while matched < _MOST_MATCHED:
        found = await uow.exceptions.list(reason, ExceptionStatus.OPEN, after, _MATCHED_AT_ONCE)
        if not found:
            break
        after = (to_millis(found[-1].created_at), found[-1].exception_id)
        for exception in found:
            if not source or exception.source == source:
                await uow.work.again(replay_work(uow.tenant, exception.exception_id, now))
                matched += 1
    return matched


async def _parked_entry(uow: UnitOfWork, exception: ParkedException) -> tuple[str, Entry]:
    row = await uow.inbox.get(exception.agent, exception.epoch, exception.sequence)
    raw = await uow.raw.get(exception.exception_id)
    if row is None or raw is None:
        sentence = "Its message was erased, so it cannot be read again; enter it by hand where it is wanted."
        raise Permanent(exception.reason, sentence)
    if row.entry.content.kind is EntryKind.REJECTED and _is_note(raw, row.entry.content.reason):
        sentence = f"{exception.sentence.removesuffix(_UNREAD)}{_UNREAD}"
        raise Permanent(exception.reason, sentence)
    kind = EntryKind.TILL_DOCUMENT if row.entry.content.kind is EntryKind.REJECTED else row.entry.content.kind
    return row.store, replace(row.entry, content=replace(row.entry.content, raw=raw, kind=kind))


def _is_note(raw: bytes, reason: str) -> bool:
    """Whether the agent kept only length, reason and place of a message that it could not mask, and not the message."""
    try:
        note = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(note, dict) and set(note) == {"length", "reason", "at"} and note["reason"] == reason


def _resolved(exception: ParkedException, record_id: str) -> ParkedException:
    return replace(exception, status=ExceptionStatus.RESOLVED, record_id=record_id, replays=exception.replays + 1)


def _still_open(exception: ParkedException, error: TillstreamError) -> ParkedException:
    return replace(
        exception,
        reason=error.reason,
        sentence=sentence_of(error),
        owner=owner(error.reason),
        replays=exception.replays + 1,
    )


def _step(pipeline: Pipeline, after: ParkedException) -> LineageStep:
    resolved = after.status is ExceptionStatus.RESOLVED
    sentence = f"Replay {after.replays} booked it." if resolved else f"Replay {after.replays}: {after.sentence}"
    details = {"reason": str(after.reason), "record": after.record_id}
    return LineageStep(
        record_id=after.exception_id, at=pipeline.clock.now(), stage="replayed", sentence=sentence, details=details
    )
