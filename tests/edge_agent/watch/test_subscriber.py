"""The watch's loop on a virtual clock, told what a test scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from adapters.canonical.downlink import LevelNews, News, WatchFrom
from adapters.errors import AuthenticationFailed, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.deadline import cancelled
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent.ports import CachedGrant, CachedOrder, CachedSku, CachedTill, Revision, Shown
from edge_agent.watch.subscriber import Subscriber, WatchSeams
from tests.eventually import eventually
from tests.fakes.memory_line import Fate, MemoryWatch, Passing

Script = Callable[[WatchFrom], AsyncGenerator[News, None]]


class RecordingCache:
    """Keeps what it is given, and the position."""

    def __init__(self) -> None:
        self.applied: list[Revision] = []
        self.heard_at: list[datetime] = []
        self.at = ("", 0)
        self.error: Exception | None = None

    async def apply(self, revision: Revision) -> None:
        if self.error is not None:
            raise self.error
        self.applied.append(revision)
        self.at = (revision.feed_id, revision.revision)

    async def heard(self, at: datetime) -> None:
        self.heard_at.append(at)

    async def position(self) -> tuple[str, int]:
        return self.at

    async def till(self, till: str) -> CachedTill | None:
        return None

    async def till_by_key(self, key_hash: bytes) -> CachedTill | None:
        return None

    async def resolve(self, names: object) -> dict[str, CachedSku]:
        return {}

    async def levels(self, skus: object) -> dict[str, Shown]:
        return {}

    async def order(self, order_id: str) -> CachedOrder | None:
        return None

    async def untaken_grants(self) -> list[CachedGrant]:
        return []


class Watched:
    """A subscriber on a virtual clock, watching what a test scripts."""

    def __init__(self, script: Script) -> None:
        self.clock = VirtualClock()
        self.telemetry = MemoryTelemetry()
        self.cache = RecordingCache()
        self.line = MemoryWatch(script)
        seams = WatchSeams(clock=self.clock, randomness=SeededRandomness(1), telemetry=self.telemetry)
        self.subscriber = Subscriber(self.cache, self.line, seams)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.subscriber.run())
        try:
            yield
        finally:
            await cancelled(task)
            await self.line.close()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass once everybody waits for it."""
        for _ in range(100):
            await asyncio.sleep(0)
        self.clock.advance(seconds)
        for _ in range(100):
            await asyncio.sleep(0)


def news(revision: int, *skus: str, begins: bool = False, complete: bool = True, feed_id: str = "feed") -> News:
    changes = tuple(
        LevelNews(
            sku=sku,
            on_hand=Decimal(1),
            store_rights=Decimal(1),
            core_rights=Decimal(0),
            reserved=Decimal(0),
            epoch=b"e" * 16,
            sequence=revision,
        )
        for sku in skus
    )
    return News(
        feed_id=feed_id,
        revision=revision,
        snapshot_begins=begins,
        complete=complete,
        sent_at=VirtualClock().now(),
        changes=changes,
    )


def telling(*told: News, then: Exception | None = None) -> Script:
    """Tell so much, then stay silent, or fail."""

    async def script(_: WatchFrom) -> AsyncGenerator[News, None]:
        for one in told:
            yield one
        if then is not None:
            raise then
        await asyncio.Event().wait()

    return script


async def test_news_are_applied_and_a_sign_of_life_renews_the_age_only() -> None:
    watched = Watched(telling(news(0, begins=True), news(2, "A"), news(2)))
    async with watched.running():
        await eventually(lambda: len(watched.cache.heard_at) == 1)
        assert watched.subscriber.status().connected
    assert [revision.revision for revision in watched.cache.applied] == [0, 2]
    assert [level.sku for level in watched.cache.applied[1].levels] == ["A"]
    assert watched.cache.applied[1].received_at == watched.clock.now()


async def test_the_end_of_an_empty_snapshot_is_no_sign_of_life() -> None:
    watched = Watched(telling(news(0, begins=True), news(0, begins=True, feed_id="other")))
    async with watched.running():
        await eventually(lambda: len(watched.cache.applied) == 2)
    assert watched.cache.heard_at == []


async def test_fault_003_a_silent_line_is_given_up_and_opened_anew_where_the_cache_stands() -> None:
    watched = Watched(telling(news(5, "A")))
    async with watched.running():
        await eventually(lambda: len(watched.cache.applied) == 1)
        await watched.pass_time(31)
        await watched.pass_time(1)
        await eventually(lambda: len(watched.line.starts) == 2)
    assert watched.line.starts == [WatchFrom(feed_id="", revision=0), WatchFrom(feed_id="feed", revision=5)]


async def test_each_cut_is_followed_by_a_wait_that_grows() -> None:
    watched = Watched(telling(then=Transient(Reason.NOT_READY, "Not yet.")))
    waits: list[float] = []
    async with watched.running():
        for attempt in range(8):
            await eventually(lambda seen=attempt: len(watched.line.starts) > seen)  # type: ignore[misc]
            began = watched.clock.monotonic()
            while len(watched.line.starts) == attempt + 1:
                await watched.pass_time(0.05)
            waits.append(watched.clock.monotonic() - began)
    assert max(waits) > 4 * min(waits)
    assert max(waits) <= 0.2 * 2**8


async def test_the_core_may_say_when_to_come_again() -> None:
    watched = Watched(telling(then=Transient(Reason.OVERLOADED, "Later.", retry_after=60)))
    async with watched.running():
        await eventually(lambda: watched.subscriber.status().reason == Reason.OVERLOADED)
        await watched.pass_time(59)
        assert len(watched.line.starts) == 1
        await watched.pass_time(2)
        assert len(watched.line.starts) == 2


async def test_an_agent_that_is_shut_out_asks_seldom_and_says_why() -> None:
    watched = Watched(telling(then=AuthenticationFailed(Reason.AGENT_REVOKED, "Shut out.")))
    async with watched.running():
        await eventually(lambda: watched.subscriber.status().reason == Reason.AGENT_REVOKED)
        await watched.pass_time(14)
        assert len(watched.line.starts) == 1
        await watched.pass_time(20)
        assert len(watched.line.starts) == 2
    assert watched.subscriber.status().sentence == "Shut out."


async def test_a_cache_that_cannot_store_makes_the_watch_begin_again_from_what_it_has() -> None:
    watched = Watched(telling(news(1, "A"), news(2, "B")))
    watched.cache.error = Transient(Reason.DISK_FULL, "The disk is full.")
    async with watched.running():
        await eventually(lambda: watched.subscriber.status().reason == Reason.DISK_FULL)
        watched.cache.error = None
        while len(watched.cache.applied) < 2:
            await watched.pass_time(0.1)
    assert [revision.revision for revision in watched.cache.applied] == [1, 2]


async def test_a_defect_never_ends_the_loop() -> None:
    watched = Watched(telling(news(1, "A")))
    watched.cache.error = ZeroDivisionError("a defect")
    async with watched.running():
        await eventually(lambda: watched.subscriber.status().reason == Reason.INTERNAL)
        watched.cache.error = None
        while not watched.cache.applied:
            await watched.pass_time(30)


@pytest.mark.parametrize("number", range(4))
async def test_fault_004_a_watch_cut_at_any_message_misses_nothing(number: int) -> None:
    """The core goes on after the revision that the cache has stored."""
    told = [news(revision, f"S{revision}") for revision in range(1, 5)]

    async def script(start: WatchFrom) -> AsyncGenerator[News, None]:
        for one in told[start.revision :]:
            yield one
        await asyncio.Event().wait()

    watched = Watched(script)

    def fate(passing: Passing) -> Fate:
        return Fate.CUT if passing.call == 0 and passing.number == number else Fate.PASS

    watched.line.fate = fate
    async with watched.running():
        while watched.cache.at != ("feed", 4):
            await watched.pass_time(0.5)
    assert [revision.revision for revision in watched.cache.applied] == [1, 2, 3, 4]
    assert replace(watched.cache.applied[0], received_at=VirtualClock().now()).levels[0].sequence == 1
