"""The one task that writes what all streams bring: batches in, settlements out; group commit, one transaction a tenant (design, "One writer").

    stream A --submit-->|        |
    stream B --submit-->| queue  |--> gather what waits --> one transaction per tenant --> answer each
    stream C --submit-->| (full: |
                        | OVERLOADED)

A batch that cannot go on fails alone; an entry that no transaction can hold is found by halving and parked alone. Database trouble goes
back to every submitter and nothing of it is half done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.randomness import Randomness
from core_service.pipeline.ingest import IncomingBatch, Pipeline, Settlement, ingest
from core_service.pipeline.normalise import internal
from core_service.ports.ingest import StreamPosition

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterLimits:
    """`waiting` batches at most in the queue, about `entries` in one transaction, `tries` of a transaction that the database refuses."""

    waiting: int = 256
    entries: int = 1000
    tries: int = 3
    backoff: Backoff = field(default_factory=lambda: Backoff(base=0.05, cap=1.0))


@dataclass(frozen=True, slots=True)
class _Submitted:
    batch: IncomingBatch
    answer: asyncio.Future[Settlement]


class IngestWriter:
    """Gathers the batches of many agents into few transactions; `run` is kept as a task by app.py."""

    def __init__(self, pipeline: Pipeline, randomness: Randomness, limits: WriterLimits | None = None) -> None:
        self._pipeline = pipeline
        self._randomness = randomness
        self._limits = limits or WriterLimits()
        self._queue: asyncio.Queue[_Submitted] = asyncio.Queue(maxsize=self._limits.waiting)
        self._backlog = 0

    @property
    def backlog(self) -> int:
        """Entries submitted and not yet answered; streams shrink their credit by it."""
        return self._backlog

    async def submit(self, batch: IncomingBatch) -> Settlement:
        """Return what was settled once it is committed.

        Raises Permanent(SESSION_SUPERSEDED | CHAIN_BROKEN | SEQUENCE_UNEXPECTED), AuthenticationFailed(AGENT_REVOKED), or Transient
        (OVERLOADED, DATABASE_UNAVAILABLE, INTERNAL): nothing of the batch is committed, as far as is known; open the stream anew.
        """
        answer: asyncio.Future[Settlement] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Submitted(batch, answer))
        except asyncio.QueueFull as error:
            sentence = "The core has more to write than it can keep up with; send again in a moment."
            raise Transient(Reason.OVERLOADED, sentence, retry_after=1.0) from error
        self._backlog += len(batch.entries)
        try:
            return await answer
        finally:
            self._backlog -= len(batch.entries)

    async def run(self) -> None:
        """Write until cancelled; whoever still waits then is told to come again."""
        try:
            while True:
                await self._write(await self._gather())
        finally:
            while not self._queue.empty():
                _fail([self._queue.get_nowait()], _stopped())

    async def _gather(self) -> list[_Submitted]:
        gathered = [await self._queue.get()]
        entries = len(gathered[0].batch.entries)
        while entries < self._limits.entries and not self._queue.empty():
            gathered.append(self._queue.get_nowait())
            entries += len(gathered[-1].batch.entries)
        return gathered

    async def _write(self, gathered: Sequence[_Submitted]) -> None:
        try:
            for tenant in sorted({one.batch.identity.tenant for one in gathered}):
                await self._tenant(tenant, [one for one in gathered if one.batch.identity.tenant == tenant])
        except asyncio.CancelledError:
            _fail(gathered, _stopped())
            raise

    async def _tenant(self, tenant: str, group: Sequence[_Submitted]) -> None:
        try:
            answers = await self._committed(tenant, [one.batch for one in group])
        except Transient as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - the edge of the one writing task: what one batch does must not stop the others
            self._failed(error, f"a group of {len(group)} batches")
            for one in group:
                await self._alone(tenant, one)
        else:
            for one, answer in zip(group, answers, strict=True):
                _resolve(one, answer)

    async def _alone(self, tenant: str, one: _Submitted) -> None:
        try:
            _resolve(one, await self._in_pieces(tenant, one.batch))
        except TillstreamError as error:
            _resolve(one, error)

    async def _in_pieces(self, tenant: str, batch: IncomingBatch) -> Settlement:
        """Commit a batch of which the database may take only a part: halves of what fails, down to the one entry, which is parked unread.

        Raises what the batch cannot go on with; what came before it is committed.
        """
        try:
            [answer] = await self._committed(tenant, [batch])
        except Transient:
            raise
        except Exception as error:
            # One entry's defect parks that entry, or its stream would stand still for ever.
            self._failed(error, f"a batch of {len(batch.entries)} entries")
            if len(batch.entries) > 1:
                return await self._halves(tenant, batch)
            if not batch.entries or batch.refusal is not None:
                raise _defect(error) from error
            return await self._in_pieces(tenant, replace(batch, refusal=_unwritable(error)))
        if isinstance(answer, TillstreamError):
            raise answer
        return answer

    async def _halves(self, tenant: str, batch: IncomingBatch) -> Settlement:
        middle = len(batch.entries) // 2
        first = await self._in_pieces(tenant, replace(batch, entries=batch.entries[:middle]))
        reached = StreamPosition(watermark=first.through, chain=first.chain)
        rest = replace(batch, expected=reached, entries=batch.entries[middle:], gap=None)
        last = await self._in_pieces(tenant, rest)
        return replace(last, verdicts=(*first.verdicts, *last.verdicts))

    def _failed(self, error: Exception, what: str) -> None:
        _log.error("ingest failed for %s", what, exc_info=error)
        self._pipeline.telemetry.count("ingest_failures", reason=type(error).__name__)

    async def _committed(self, tenant: str, batches: Sequence[IncomingBatch]) -> Sequence[Settlement | TillstreamError]:
        for attempt in range(self._limits.tries - 1):
            try:
                return await ingest(self._pipeline, tenant, batches)
            except Transient:
                self._pipeline.telemetry.count("ingest_retries")
                await self._pipeline.clock.sleep(self._limits.backoff.delay(attempt, self._randomness))
        return await ingest(self._pipeline, tenant, batches)


def _resolve(one: _Submitted, answer: Settlement | TillstreamError) -> None:
    if one.answer.done():
        return
    if isinstance(answer, TillstreamError):
        one.answer.set_exception(answer)
    else:
        one.answer.set_result(answer)


def _fail(group: Sequence[_Submitted], error: TillstreamError) -> None:
    for one in group:
        _resolve(one, error)


def _unwritable(error: Exception) -> TillstreamError:
    return error if isinstance(error, Permanent) else internal("write", error)


def _defect(error: Exception) -> Transient:
    sentence = f"The core failed to write ({type(error).__name__}); this is a defect: report it with the core's log. It is tried again."
    defect = Transient(Reason.INTERNAL, sentence, retry_after=5.0)
    defect.__cause__ = error
    return defect


def _stopped() -> Transient:
    return Transient(Reason.NOT_READY, "The core is stopping; open the stream anew in a moment.", retry_after=1.0)
