"""Journal entries become governed records: batches of one tenant's agents in, verdicts out, one transaction (design, invariants 3 to 5).

    verify the chain -> move the watermark -> read -> gather -> decide each -> write all -> commit

The watermark moves first and conditionally: a stream that lost its session writes nothing. A batch that cannot go on fails alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.canonical.entry import Entry, Outcome, Verdict
from adapters.errors import AuthenticationFailed, Permanent, TillstreamError
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints
from adapters.seams.telemetry import Telemetry
from core_service.domain.fleet import AgentIdentity
from core_service.pipeline import names
from core_service.pipeline.continuity import DeclaredGap, reached
from core_service.pipeline.decide import decide
from core_service.pipeline.desk import Desk, Settings
from core_service.pipeline.gather import desk_for, tills_of
from core_service.pipeline.normalise import Read, Readers, Sender, read, refused
from core_service.pipeline.park import gap_exception
from core_service.pipeline.persist import write
from core_service.pipeline.route import Router
from core_service.ports.ingest import InboxRow, StreamPosition
from core_service.ports.unit_of_work import CoreStore, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The parts that every story of the core needs; wired once in app.py."""

    core: CoreStore
    clock: Clock
    failpoints: Failpoints
    telemetry: Telemetry
    readers: Readers
    router: Router


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingBatch:
    """Entries that an agent's session sends from the position it expects the core to hold; at most one gap before them.

    `refusal` parks the entries unread: the writer sets it on one that the database would not take.
    """

    identity: AgentIdentity
    session: bytes
    epoch: bytes
    expected: StreamPosition
    entries: tuple[Entry, ...]
    gap: DeclaredGap | None = None
    refusal: TillstreamError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """All entries through `through` are committed; one verdict an entry, in order."""

    through: int
    chain: bytes
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Verified:
    """A batch whose entries link, and the position it leads to; `place` is its place in the call."""

    place: int
    batch: IncomingBatch
    position: StreamPosition


async def ingest(
    pipeline: Pipeline, tenant: str, batches: Sequence[IncomingBatch]
) -> list[Settlement | TillstreamError]:
    """Commit the batches of a tenant together; return for each what was settled, or why it cannot go on."""
    answers: list[Settlement | TillstreamError] = [_UNANSWERED] * len(batches)
    verified = _verify(batches, answers)
    if not verified:
        return answers
    async with pipeline.core.begin(tenant) as uow:
        moved = await _advance(uow, verified, answers)
        settings = await tills_of(uow, _tills(moved))
        reads = [_read(one, entry, settings, pipeline) for one in moved for entry in one.batch.entries]
        desk = await desk_for(uow, reads, settings, pipeline.clock.now())
        _declare_gaps(desk, moved)
        verdicts = [decide(desk, one, pipeline.router) for one in reads]
        await write(uow, desk)
        await _keep(uow, desk, reads, verdicts)
        await pipeline.failpoints.hit("ingest.before_commit")
        await uow.commit()
    await pipeline.failpoints.hit("ingest.committed")
    _count(pipeline.telemetry, verdicts)
    _answer(moved, verdicts, answers)
    return answers


_UNANSWERED = Permanent(Reason.INTERNAL, "The batch was not looked at; this is a defect: report it.")


def _verify(batches: Sequence[IncomingBatch], answers: list[Settlement | TillstreamError]) -> list[_Verified]:
    verified: list[_Verified] = []
    for place, batch in enumerate(batches):
        try:
            verified.append(_Verified(place, batch, reached(batch.epoch, batch.expected, batch.entries, batch.gap)))
        except TillstreamError as error:
            answers[place] = error
    return verified


async def _advance(
    uow: UnitOfWork, verified: Sequence[_Verified], answers: list[Settlement | TillstreamError]
) -> list[_Verified]:
    """Move each watermark if the session still holds it; who may not move writes nothing."""
    moved: list[_Verified] = []
    for one in verified:
        batch = one.batch
        agent = batch.identity.agent
        if await uow.streams.advance(agent, batch.epoch, batch.session, batch.expected, one.position):
            moved.append(one)
        else:
            answers[one.place] = await _refused(uow, agent)
    return moved


async def _refused(uow: UnitOfWork, agent: str) -> TillstreamError:
    record = await uow.fleet.agent(agent)
    if record is not None and record.revoked_at is not None:
        sentence = (
            f"Agent {agent!r} was shut out at {record.revoked_at:%Y-%m-%d %H:%M} UTC; enrol the store anew to go on."
        )
        return AuthenticationFailed(Reason.AGENT_REVOKED, sentence)
    sentence = "A newer stream of this agent holds the session, or the core stands elsewhere; open the stream anew."
    return Permanent(Reason.SESSION_SUPERSEDED, sentence)


def _tills(moved: Sequence[_Verified]) -> set[tuple[str, str]]:
    return {(one.batch.identity.store, entry.content.till) for one in moved for entry in one.batch.entries}


def _read(one: _Verified, entry: Entry, settings: Settings, pipeline: Pipeline) -> Read:
    identity = one.batch.identity
    raw_id = names.raw_id(identity.tenant, identity.agent, entry.id)
    sender = Sender(agent=identity.agent, store=identity.store, raw_id=raw_id)
    if one.batch.refusal is not None:
        return refused(sender, entry, one.batch.refusal)
    return read(sender, entry, settings, pipeline.readers)


def _declare_gaps(desk: Desk, moved: Sequence[_Verified]) -> None:
    for one in moved:
        gap = one.batch.gap
        if gap is not None:
            desk.decided.exceptions.append(gap_exception(one.batch.identity, one.batch.epoch, gap, desk))


async def _keep(uow: UnitOfWork, desk: Desk, reads: Sequence[Read], verdicts: Sequence[Verdict]) -> None:
    """Record every entry with its verdict, for ever, and seal its bytes; a parked message is sealed under its exception."""
    rows: list[InboxRow] = []
    sealed: dict[str, bytes] = {}
    for one, verdict in zip(reads, verdicts, strict=True):
        parked = verdict.outcome is Outcome.PARKED
        raw_id = verdict.record_id if parked else one.raw_id
        sealed.setdefault(raw_id, one.entry.content.raw)
        rows.append(
            InboxRow(
                agent=one.agent,
                store=one.store,
                entry=one.entry,
                verdict=verdict,
                raw_id=raw_id,
                committed_at=desk.now,
            )
        )
    if rows:
        await uow.raw.put(list(sealed.items()))
        await uow.inbox.add(rows)


def _count(telemetry: Telemetry, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        telemetry.count("entries", outcome=verdict.outcome, reason=verdict.reason)


def _answer(
    moved: Sequence[_Verified], verdicts: Sequence[Verdict], answers: list[Settlement | TillstreamError]
) -> None:
    begin = 0
    for one in moved:
        end = begin + len(one.batch.entries)
        answers[one.place] = Settlement(
            through=one.position.watermark, chain=one.position.chain, verdicts=tuple(verdicts[begin:end])
        )
        begin = end
