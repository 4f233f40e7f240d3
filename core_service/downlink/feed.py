"""What one store's agent is told: where its cache stands in, news out for as long as the watch lives; nothing is buffered for it.

    unknown feed or revision --> snapshot: everything from revision 0, for the feed keeps each thing at its newest revision
    known                    --> what changed since
    then                     --> each change as it is numbered, or a sign of life every `heartbeat_seconds`

State is read in one snapshot when the stream takes the next message, so that a slow agent gets fewer, newer messages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

from adapters.canonical.downlink import Change, News, WatchFrom
from adapters.seams.clock import Clock
from adapters.seams.deadline import first_of
from adapters.seams.failpoint import Failpoints
from core_service.domain.fleet import AgentIdentity
from core_service.downlink.numbering import Heads
from core_service.downlink.size import cut
from core_service.downlink.states import states
from core_service.ports.unit_of_work import CoreStore
from core_service.ports.work import store_audience


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """A sign of life every so many seconds (agents give up after three without); changes read at once, and their weight in one message.

    A message of so much weight stays below 4 MiB, which is what agents take, whatever letters its texts are made of.
    """

    heartbeat_seconds: float = 10.0
    chunk: int = 500
    weight: int = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedParts:
    """What every watch of this process shares."""

    core: CoreStore
    heads: Heads
    clock: Clock
    failpoints: Failpoints
    options: FeedOptions = field(default_factory=FeedOptions)


@dataclass(frozen=True, slots=True)
class _Chunk:
    revision: int
    complete: bool
    changes: tuple[Change, ...]


class StoreFeed:
    """One watch of one agent. `news` is its whole life."""

    def __init__(self, parts: FeedParts, identity: AgentIdentity) -> None:
        self._parts = parts
        self._identity = identity
        self._audience = store_audience(identity.store)
        self._feed_id = ""
        self._revision = 0
        self._begins = False

    async def news(self, start: WatchFrom) -> AsyncGenerator[News, None]:
        """Yield what the store has to know, from where its cache stands, until the agent goes away.

        The first message comes at once, even when it has nothing to tell: the agent sees that it is heard.
        """
        await self._begin(start)
        silent = True
        while True:
            chunk = await self._chunk()
            if silent or chunk.revision > self._revision:
                for news in self._told(chunk):
                    yield news
            silent = not chunk.changes and chunk.complete and not await self._wait()

    async def _begin(self, start: WatchFrom) -> None:
        self._feed_id = await self._parts.core.feed.feed_id()
        async with self._parts.core.read(self._identity.tenant) as uow:
            newest = await uow.changes.newest(self._audience)
        known = start.feed_id == self._feed_id and 0 <= start.revision <= newest
        # A cache that never applied anything has nothing to go on from, even if the feed is the same.
        self._begins = not known or start.revision == 0
        self._revision = 0 if self._begins else start.revision

    async def _chunk(self) -> _Chunk:
        size = self._parts.options.chunk
        now = self._parts.clock.now()
        async with self._parts.core.read(self._identity.tenant) as uow:
            items = await uow.changes.since(self._audience, self._revision, size + 1)
            sent = items[:size]
            changes = await states(uow, self._identity, sent, now)
        await self._parts.failpoints.hit("feed.read")
        return _Chunk(
            revision=sent[-1].revision if sent else self._revision,
            complete=len(items) <= size,
            changes=changes,
        )

    def _told(self, chunk: _Chunk) -> Iterator[News]:
        """Yield a chunk's messages: only the last one says its revision, so that a watch cut between them gets all of them again."""
        runs = cut(chunk.changes, self._parts.options.weight)
        for run in runs[:-1]:
            yield self._news(run, complete=False)
        self._revision = chunk.revision
        yield self._news(runs[-1], complete=chunk.complete)

    def _news(self, changes: tuple[Change, ...], *, complete: bool) -> News:
        begins, self._begins = self._begins, False
        return News(
            feed_id=self._feed_id,
            revision=self._revision,
            snapshot_begins=begins,
            complete=complete,
            sent_at=self._parts.clock.now(),
            changes=changes,
        )

    async def _wait(self) -> bool:
        """Return whether there is news; False after the time of a sign of life."""
        return await first_of(self._until_news(), self._heartbeat())

    async def _until_news(self) -> bool:
        await self._parts.heads.beyond((self._identity.tenant, self._audience), self._revision)
        return True

    async def _heartbeat(self) -> bool:
        await self._parts.clock.sleep(self._parts.options.heartbeat_seconds)
        return False
