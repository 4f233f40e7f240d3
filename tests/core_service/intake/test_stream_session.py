"""One agent's stream in the core, without a transport: its bounds, its deadlines, and what it records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.canonical.chain import genesis
from adapters.canonical.uplink import Opened, SendBatch, Settled, UplinkAnswer, UplinkRequest
from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.deadline import cancelled
from adapters.seams.randomness import SeededRandomness
from core_service.intake.admission import OpeningTurns
from core_service.intake.stream_session import OpenSessions, StreamSession
from core_service.pipeline.ingest import IncomingBatch, Settlement
from tests.core_service.shop import TENANT
from tests.eventually import deadline, eventually
from tests.lane import Lane, open_lane


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(tmp_path) as opened:
        yield opened


class Talk:
    """A session that a test feeds message by message. `taken` counts the messages that the session has come for."""

    def __init__(self, session: StreamSession) -> None:
        self.taken = 0
        self._said: asyncio.Queue[UplinkRequest | None] = asyncio.Queue(maxsize=100)
        self.answers: AsyncGenerator[UplinkAnswer, None] = session.answers(self._requests())

    async def _requests(self) -> AsyncGenerator[UplinkRequest, None]:
        while (message := await self._said.get()) is not None:
            self.taken += 1
            yield message

    def say(self, *messages: UplinkRequest | None) -> None:
        for message in messages:
            self._said.put_nowait(message)

    async def hear(self) -> UplinkAnswer:
        async with deadline(10, "the answer"):
            return await anext(self.answers)

    async def refusal(self) -> TillstreamError:
        with pytest.raises(TillstreamError) as refused:
            await self.hear()
        return refused.value


class StuckWriter:
    """Takes a batch and never answers."""

    backlog = 0

    async def submit(self, batch: IncomingBatch) -> Settlement:
        await asyncio.Event().wait()
        raise AssertionError(batch)


def talk(lane: Lane, **parts: object) -> Talk:
    return Talk(StreamSession(replace(lane.parts, **parts), lane.identity))  # type: ignore[arg-type] # fields of StreamParts


async def test_opening_records_the_agent_with_its_version_clock_and_epoch(lane: Lane) -> None:
    opening = await lane.opening()
    one = talk(lane)
    async with aclosing(one.answers):
        one.say(replace(opening, agent_version="3.1" * 100, clock_ms=opening.clock_ms + 90_000))
        opened = await one.hear()
    assert isinstance(opened, Opened)
    assert (opened.watermark, opened.chain) == (0, genesis(opening.epoch))
    async with lane.shop.core.read(TENANT) as uow:
        agent = await uow.fleet.agent(lane.identity.agent)
    assert agent is not None
    assert (agent.clock_offset_ms, agent.epoch, agent.last_seen_at) == (90_000, opening.epoch, lane.shop.clock.now())
    assert agent.version.startswith("3.1")
    assert len(agent.version) == 64


async def test_a_fork_that_an_agent_reports_is_alarmed_once_however_often_it_opens(lane: Lane) -> None:
    opening = replace(await lane.opening(), forked_from=b"f" * 16)
    for _ in range(3):
        one = talk(lane)
        async with aclosing(one.answers):
            one.say(opening)
            await one.hear()
    assert await lane.reasons_parked() == ["FORK"]


async def test_verdicts_that_an_agent_has_not_heard_come_by_themselves_in_bounded_messages(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core_service.intake.stream_session.VERDICTS_AT_ONCE", 4)
    opening = await lane.opening()
    await lane.sell(10)
    first = talk(lane)
    async with aclosing(first.answers):
        first.say(opening, await lane.batch())
        await first.hear()
        await first.hear()
    again = talk(lane)
    async with aclosing(again.answers):
        again.say(opening)
        opened = await again.hear()
        told = [await again.hear() for _ in range(3)]
    assert isinstance(opened, Opened)
    assert opened.watermark == 10
    settled = [answer for answer in told if isinstance(answer, Settled)]
    assert [answer.through for answer in settled] == [4, 8, 10]
    assert [verdict.sequence for answer in settled for verdict in answer.verdicts] == list(range(1, 11))


async def test_a_good_batch_is_settled_before_a_bad_message_ends_the_stream(lane: Lane) -> None:
    await lane.sell(2)
    one = talk(lane)
    async with aclosing(one.answers):
        one.say(await lane.opening(), await lane.batch(), SendBatch(entries=()))
        await one.hear()
        assert isinstance(await one.hear(), Settled)
        assert (await one.refusal()).reason is Reason.FIELD_INVALID
    await lane.sound(2)


async def test_an_agent_that_hangs_up_ends_its_stream_in_order(lane: Lane) -> None:
    await lane.sell(1)
    one = talk(lane)
    one.say(await lane.opening(), await lane.batch(), None)
    answers = [answer async for answer in one.answers]
    assert [type(answer) for answer in answers] == [Opened, Settled]
    assert lane.parts.sessions.count == 0


async def test_nothing_is_taken_from_an_agent_while_its_batches_wait_to_be_written(lane: Lane) -> None:
    """One commits, one waits, one is in hand: the rest stays on the line."""
    await lane.sell(8)
    batches = [await lane.batch(after=number, count=1) for number in range(8)]
    one = talk(lane, writer=StuckWriter())
    one.say(await lane.opening(), *batches)
    await one.hear()
    waiting = asyncio.create_task(one.hear())
    await eventually(lambda: one.taken == 4)
    for _ in range(100):
        await asyncio.sleep(0)
    assert one.taken == 4
    await cancelled(waiting)
    await one.answers.aclose()


async def test_a_stream_on_which_nothing_is_said_is_ended(lane: Lane) -> None:
    one = talk(lane)
    waiting = asyncio.create_task(one.refusal())
    await _sleeping(lane)
    lane.shop.clock.advance(21)
    assert (await waiting).reason is Reason.NOT_READY


async def test_a_writer_that_does_not_answer_ends_the_stream_in_time(lane: Lane) -> None:
    await lane.sell(1)
    one = talk(lane, writer=StuckWriter())
    one.say(await lane.opening(), await lane.batch())
    await one.hear()
    waiting = asyncio.create_task(one.refusal())
    await _sleeping(lane)
    lane.shop.clock.advance(61)
    error = await waiting
    assert isinstance(error, Transient)
    assert (error.reason, error.retry_after) == (Reason.OVERLOADED, 5.0)


async def test_an_idle_older_stream_ends_as_soon_as_a_newer_one_is_opened(lane: Lane) -> None:
    older, newer = talk(lane), talk(lane)
    older.say(await lane.opening())
    await older.hear()
    waiting = asyncio.create_task(older.refusal())
    async with aclosing(newer.answers):
        newer.say(await lane.opening())
        await newer.hear()
        assert (await waiting).reason is Reason.SESSION_SUPERSEDED
        assert lane.parts.sessions.count == 1
    assert lane.parts.sessions.count == 0


async def test_a_stream_of_another_replica_is_refused_by_the_database_alone(lane: Lane) -> None:
    """The other replica does not know of this one's sessions."""
    await lane.sell(1)
    older, newer = talk(lane), talk(lane, sessions=OpenSessions())
    older.say(await lane.opening())
    await older.hear()
    async with aclosing(newer.answers):
        newer.say(await lane.opening())
        await newer.hear()
        older.say(await lane.batch())
        assert (await older.refusal()).reason is Reason.SESSION_SUPERSEDED
    await lane.sound(0)


async def test_after_a_commit_the_feed_is_told_to_look(lane: Lane) -> None:
    told: list[int] = []
    await lane.sell(1)
    one = talk(lane, committed=lambda: told.append(1))
    async with aclosing(one.answers):
        one.say(await lane.opening(), await lane.batch())
        await one.hear()
        await one.hear()
    assert told == [1]


async def test_fault_073_who_finds_no_turn_is_sent_away_with_a_time_to_come_again(lane: Lane) -> None:
    turns = OpeningTurns(SeededRandomness(1), at_once=1)
    async with turns.turn():
        one = talk(lane, turns=turns)
        one.say(await lane.opening())
        error = await one.refusal()
    assert isinstance(error, Transient)
    assert error.reason is Reason.OVERLOADED
    assert error.retry_after is not None
    assert error.retry_after > 0
    again = talk(lane, turns=turns)
    async with aclosing(again.answers):
        again.say(await lane.opening())
        assert isinstance(await again.hear(), Opened)


async def _sleeping(lane: Lane) -> None:
    await eventually(lambda: any(not future.done() for _, _, future in lane.shop.clock._sleepers))
