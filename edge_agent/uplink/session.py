"""One stream from Open to its end: a journal and an open call in, entries up and settlements down; returns why it ended.

    Open --> Opened --> rewind, fork or go on --> send | receive | watch progress, side by side, until one of them ends

Only the core's commit settles; every answer is applied to the epoch that the stream was opened with, or to nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from adapters.canonical.uplink import Forked, Gap, Opened, OpenStream, SendBatch, Settled, UplinkAnswer
from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock, to_millis
from adapters.seams.deadline import first_of, within
from adapters.seams.failpoint import Failpoints
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from adapters.seams.transport import UplinkCall
from edge_agent.ports import Journal, JournalHead, Run
from edge_agent.uplink.window import Action, Pace, Sent, Window, after_opened


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkSeams:
    """What is injected."""

    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    failpoints: Failpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkLimits:
    """Deadlines in seconds: connecting with the core's first answer, handing a batch over, and any settlement while some is due."""

    open_seconds: float = 20.0
    send_seconds: float = 30.0
    settle_seconds: float = 30.0
    agent_version: str = ""


class End(StrEnum):
    """Why a stream ended without an error."""

    FORKED = "forked"
    """The journal has a new epoch, because its history and the core's differ."""
    EPOCH_CHANGED = "epoch_changed"
    """The journal opened a new epoch by itself, because it put damaged entries aside."""


class Stream:
    """One stream. `pace` is taken over from the stream before and read again afterwards."""

    def __init__(
        self, journal: Journal, call: UplinkCall, seams: UplinkSeams, limits: UplinkLimits, pace: Pace
    ) -> None:
        self.pace = pace
        self.opened = False
        self.settled_any = False
        self._journal = journal
        self._call = call
        self._seams = seams
        self._limits = limits
        self._head: JournalHead | None = None
        self._window: Window | None = None
        self._settlement = asyncio.Event()
        self._progress_at = seams.clock.monotonic()

    @property
    def failed_in_flight(self) -> bool:
        """Whether something sent has not been settled."""
        return self._window is not None and bool(self._window.in_flight)

    async def run(self) -> End:
        """Stream until something ends it. Raises what the transport or the core raised, TimeoutError for silence."""
        self._head = await self._journal.head()
        opened = await within(self._seams.clock, self._limits.open_seconds, self._open(self._head))
        end = await self._take_position(self._head, opened)
        if end is not None:
            return end
        self.opened = True
        self._progress_at = self._seams.clock.monotonic()
        return await first_of(self._receive(), self._send(), self._watch_progress())

    async def _open(self, head: JournalHead) -> Opened:
        await self._call.send(
            OpenStream(
                epoch=head.epoch,
                next_sequence=head.next_sequence,
                settled_sequence=head.settled_sequence,
                settled_chain=head.settled_chain,
                forked_from=head.forked_from,
                agent_version=self._limits.agent_version,
                clock_ms=to_millis(self._seams.clock.now()),
            )
        )
        answer = await self._call.receive()
        if isinstance(answer, Opened):
            return answer
        raise _ended() if answer is None else _out_of_turn(answer)

    async def _take_position(self, head: JournalHead, opened: Opened) -> End | None:
        action = after_opened(head, opened, await self._journal.chain_at(opened.watermark))
        self._seams.telemetry.count("uplink_opened", action=action)
        if action is Action.FORK:
            sentence = f"The core holds this journal through entry {opened.watermark} with another history: the disk was cloned or restored."
            await self._journal.fork(sentence)
            return End.FORKED
        if action is Action.REWIND:
            await self._journal.rewind(opened.watermark)
        settled = min(head.settled_sequence, opened.watermark)
        self._window = Window(credit=opened.credit, sent_through=opened.watermark, settled_through=settled)
        return None

    async def _send(self) -> End:
        while True:
            window = self._here()
            allowance = window.allowance(self.pace)
            if allowance is None:
                await self._next_settlement()
                continue
            await self._journal.appended(window.sent_through)
            run = await self._journal.read(window.sent_through, allowance.entries, allowance.bytes)
            if await self._left_behind(run):
                return End.EPOCH_CHANGED
            batch = self._batch(run)
            if batch is None:
                await self._next_settlement()
                continue
            await self._hand_over(batch)

    def _batch(self, run: Run) -> SendBatch | None:
        """Return what of a run may be sent now: all but what became too much while it was read; None when nothing may."""
        count = self._here().covers((len(entry.content.raw) for entry in run.entries), self.pace)
        if run.entries and not count:
            return None
        gap = None
        if run.gap_last:
            gap = Gap(first=run.gap_first, last=run.gap_last, chain=run.gap_chain, sentence=run.gap_sentence)
        return SendBatch(entries=run.entries[:count], gap=gap)

    async def _hand_over(self, batch: SendBatch) -> None:
        window = self._here()
        if window.settled_through == window.sent_through:
            self._progress_at = self._seams.clock.monotonic()
        # In flight from before the hand-over: what fails half-way may have arrived, and its answer may come at once.
        self._window = window.sent(Sent(batch.last, len(batch.entries), batch.raw_bytes))
        await within(self._seams.clock, self._limits.send_seconds, self._call.send(batch))
        self._seams.telemetry.count("uplink_entries_sent", len(batch.entries))
        await self._seams.failpoints.hit("uplink.sent")

    async def _left_behind(self, run: Run) -> bool:
        """Whether the journal has another epoch than this stream; a run with entries says so itself."""
        epoch = self._epoch()
        if run.entries:
            return run.entries[0].id.epoch != epoch
        if (await self._journal.head()).epoch != epoch:
            return True
        if run.gap_last:
            return False
        sentence = "The journal has an entry to send and does not give it; run `edge-agent journal verify`."
        raise Transient(Reason.JOURNAL_UNAVAILABLE, sentence)

    async def _receive(self) -> End:
        while True:
            answer = await self._call.receive()
            if answer is None:
                raise _ended()
            if isinstance(answer, Forked):
                await self._journal.fork(answer.sentence)
                return End.FORKED
            if not isinstance(answer, Settled):
                raise _out_of_turn(answer)
            await self._settle(answer)

    async def _settle(self, answer: Settled) -> None:
        window = self._here()
        if answer.through > window.sent_through:
            sentence = (
                f"The core settled through {answer.through}, but this stream has sent through {window.sent_through}."
            )
            raise Permanent(Reason.SEQUENCE_UNEXPECTED, sentence)
        await self._seams.failpoints.hit("uplink.settled")
        await self._journal.settle(answer.through, answer.verdicts, epoch=self._epoch())
        # The sender may have gone on meanwhile, so the window is read again.
        window = self._here()
        for batch in window.settling(answer.through):
            if self.pace.filled_by(batch.entries, batch.bytes):
                self.pace = self.pace.grown()
        self._window = window.settled(answer.through, answer.credit)
        self._progress_at = self._seams.clock.monotonic()
        self.settled_any = True
        self._settlement.set()

    async def _watch_progress(self) -> End:
        """Pings may pass while data does not (faults row 7): without a settlement in time the stream is given up."""
        while True:
            await self._seams.clock.sleep(self._limits.settle_seconds / 4)
            window = self._here()
            waited = self._seams.clock.monotonic() - self._progress_at
            if window.settled_through < window.sent_through and waited >= self._limits.settle_seconds:
                sentence = f"The core has settled nothing for {waited:.0f} s although entries are in flight; the stream is opened anew."
                raise Transient(Reason.CORE_UNREACHABLE, sentence)

    async def _next_settlement(self) -> None:
        self._settlement.clear()
        await self._settlement.wait()

    def _here(self) -> Window:
        assert self._window is not None
        return self._window

    def _epoch(self) -> bytes:
        assert self._head is not None
        return self._head.epoch


def _ended() -> Transient:
    return Transient(
        Reason.CORE_UNREACHABLE, "The core ended the stream, as it does when it restarts; it is opened anew."
    )


def _out_of_turn(answer: UplinkAnswer) -> Permanent:
    sentence = f"The core answered {type(answer).__name__} out of turn; agent and core do not speak the same version: update the older."
    return Permanent(Reason.FIELD_INVALID, sentence)
