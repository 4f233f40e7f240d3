"""`SqliteCache`: the core's words in, a till's answers out, without the network; in the same `agent.db` as the journal.

Hot answers (levels, SKU names) are remembered, bounded; every commit that changes one of them changes or forgets it in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from adapters.seams.clock import Clock, from_millis, to_millis
from edge_agent.cache import feed, rows
from edge_agent.cache.feed import Applied, Feed
from edge_agent.cache.memory import Memory
from edge_agent.cache.stock import Pending, Told, pending, shown
from edge_agent.database import Connection, Database
from edge_agent.ports import CachedGrant, CachedLevel, CachedOrder, CachedSku, CachedTill, MovedEntry, Revision, Shown

V = TypeVar("V")

_KEEP_HEARD_SECONDS = 60.0
_LONGEST_NAME = 128
"""Characters of a SKU or alias at most, as the core takes them: a longer name stands for nothing, and is not remembered as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalView:
    """What the cache may ask of the journal, on one connection; `app.py` passes `edge_agent.journal.movements`' functions.

    `head` is the place (epoch order, sequence) of the newest entry in the connection's snapshot.
    """

    head: Callable[[Connection], tuple[int, int]]
    epoch_order: Callable[[Connection, bytes], int | None]
    moved_after: Callable[[Connection, Mapping[str, tuple[int, int]]], Mapping[str, Sequence[MovedEntry]]]
    taken_transfers: Callable[[Connection, Sequence[str]], set[str]]


@dataclass(frozen=True, slots=True)
class _Known:
    """A level as remembered: with its name, its epoch's order, and the own movements it lacks, counted through the place `through`."""

    level: CachedLevel
    name: str
    order: int | None
    since: Pending
    through: tuple[int, int]


@dataclass(slots=True)
class _Tills:
    by_name: dict[str, CachedTill] = field(default_factory=dict)
    by_key: dict[bytes, CachedTill] = field(default_factory=dict)

    @classmethod
    def of(cls, tills: Sequence[CachedTill]) -> _Tills:
        keys = {key: till for till in tills for key in till.api_key_hashes}
        return cls({till.till: till for till in tills}, keys)


class SqliteCache:
    """Implements `edge_agent.ports.Cache` and hears the journal as its `MovementListener`. Make it with `open`."""

    def __init__(self, database: Database, clock: Clock, journal: JournalView, remembered: int) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._feed = Feed("", 0, 0, 1, None, complete=False)
        self._tills = _Tills()
        self._levels: Memory[str, _Known | None] = Memory(remembered)
        self._names: Memory[str, CachedSku | None] = Memory(remembered)
        self._heard: float | None = None
        self._kept_heard = 0.0
        self.on_applied: Callable[[Revision], None] = lambda _revision: None
        """Hears each revision after its commit; set by `app.py`, for rights that are to be taken over."""

    @classmethod
    async def open(
        cls, database: Database, clock: Clock, journal: JournalView, *, remembered: int = 20_000
    ) -> SqliteCache:
        """Find what the last run knew. `remembered` bounds the levels and the names held in memory."""
        cache = cls(database, clock, journal, remembered)
        await cache._look_again()
        database.on_reopened(cache._look_again)
        return cache

    async def apply(self, revision: Revision) -> None:
        """Store changes, all or nothing."""

        def committed(applied: Applied) -> None:
            self._feed = applied.feed
            if applied.tills is not None:
                self._tills = _Tills.of(applied.tills)
            if applied.switched:
                self._levels.clear()
                self._names.clear()
            else:
                self._levels.forget([level.sku for level in revision.levels] + [sku.sku for sku in revision.skus])
            if revision.skus:
                self._names.clear()
            self._hear(revision.received_at)

        await self._database.write(
            lambda connection: feed.apply(connection, revision), committed=committed, housekeeping=True
        )
        self.on_applied(revision)

    async def heard(self, at: datetime) -> None:
        """Record that the core was heard; kept on the disk once a minute, so that a restart overstates the age rather than understate it."""
        self._hear(at)
        if self._clock.monotonic() - self._kept_heard >= _KEEP_HEARD_SECONDS:
            self._kept_heard = self._clock.monotonic()
            await self._database.write(lambda connection: feed.heard(connection, to_millis(at)), housekeeping=True)

    async def position(self) -> tuple[str, int]:
        """Return (feed id, revision) to resume from."""
        return self._feed.feed_id, self._feed.revision

    async def till(self, till: str) -> CachedTill | None:
        """Return a till."""
        return self._tills.by_name.get(till)

    async def till_by_key(self, key_hash: bytes) -> CachedTill | None:
        """Return the till that a key belongs to."""
        return self._tills.by_key.get(key_hash)

    async def resolve(self, names: Sequence[str]) -> dict[str, CachedSku]:
        """Return SKUs by SKU, GTIN (with or without leading zeros) or alias."""
        found: dict[str, CachedSku | None] = {}
        possible = [name for name in names if len(name) <= _LONGEST_NAME]
        missing = [name for name in possible if not _recall(self._names, name, found)]
        if missing:
            load = self._names.begin()
            read: dict[str, CachedSku | None] = {}
            try:
                known = await self._database.read(
                    lambda connection: rows.skus_by_name(connection, _visible(connection), missing)
                )
                read = {name: known.get(name) for name in missing}
            finally:
                self._names.end(load, read)
            found |= read
        return {name: sku for name in possible if (sku := found[name]) is not None}

    async def levels(self, skus: Sequence[str]) -> dict[str, Shown]:
        """Return stock answers; a SKU never told is absent."""
        found: dict[str, _Known | None] = {}
        missing = [sku for sku in skus if not _recall(self._levels, sku, found)]
        if missing:
            load = self._levels.begin()
            read: dict[str, _Known | None] = {}
            try:
                read = await self._database.read(lambda connection: self._read_levels(connection, missing))
            finally:
                self._levels.end(load, read)
            found |= read
        told = Told(self.age_seconds(), self._feed.complete)
        return {
            sku: shown(known.level, known.name, known.since, told) for sku in skus if (known := found[sku]) is not None
        }

    async def order(self, order_id: str) -> CachedOrder | None:
        """Return an order."""
        return await self._database.read(lambda connection: rows.order(connection, _visible(connection), order_id))

    async def untaken_grants(self) -> list[CachedGrant]:
        """Return grants that no RIGHTS_ACKNOWLEDGED entry of this journal has taken over."""

        def work(connection: Connection) -> list[CachedGrant]:
            grants = rows.open_grants(connection, _visible(connection))
            taken = self._journal.taken_transfers(connection, [grant.transfer_id for grant in grants])
            return [grant for grant in grants if grant.transfer_id not in taken]

        return await self._database.read(work)

    def age_seconds(self) -> float:
        """Return the seconds since the core was last heard, by the clock that does not jump."""
        return 0.0 if self._heard is None else max(0.0, self._clock.monotonic() - self._heard)

    @property
    def complete(self) -> bool:
        """Whether the core has ever told everything."""
        return self._feed.complete

    def appended(self, moved: MovedEntry) -> None:
        """Lower remembered levels at once by what the store itself has sold."""
        place = (moved.epoch_order, moved.id.sequence)
        for sku in dict.fromkeys(move.sku for move in moved.movements):
            self._levels.changing(sku)
            # A read may have seen this commit before the event loop heard of it.
            if sku in self._levels and (known := self._levels.get(sku)) is not None and place > known.through:
                since = known.since.plus(moved, known.level, known.order)
                self._levels.replace(sku, replace(known, since=since, through=place))

    def rearranged(self) -> None:
        """Count own movements anew at the next question."""
        self._levels.clear()

    async def _look_again(self) -> None:
        def work(connection: Connection) -> tuple[Feed, list[CachedTill]]:
            found = feed.load(connection)
            return found, rows.tills(connection, found.visible)

        self._feed, tills = await self._database.read(work)
        self._tills = _Tills.of(tills)
        self._levels.clear()
        self._names.clear()
        if self._heard is None:
            # A clock that was set back since cannot say how long ago that was: what it is off by is admitted, and never "just now".
            apart = abs((self._clock.now() - from_millis(self._feed.heard_ms)).total_seconds())
            self._heard = self._clock.monotonic() - apart

    def _read_levels(self, connection: Connection, skus: Sequence[str]) -> dict[str, _Known | None]:
        told = rows.levels(connection, _visible(connection), skus)
        orders = {sku: self._journal.epoch_order(connection, level.epoch) for sku, (level, _) in told.items()}
        places = {sku: ((orders[sku] or 0), level.sequence if orders[sku] else 0) for sku, (level, _) in told.items()}
        moved, through = self._journal.moved_after(connection, places), self._journal.head(connection)
        found: dict[str, _Known | None] = dict.fromkeys(skus)
        for sku, (level, name) in told.items():
            found[sku] = _Known(level, name, orders[sku], pending(level, orders[sku], moved[sku]), through)
        return found

    def _hear(self, at: datetime) -> None:
        behind = (self._clock.now() - at).total_seconds()
        self._heard = self._clock.monotonic() - max(0.0, behind)


def _visible(connection: Connection) -> int:
    return feed.load(connection).visible


def _recall(memory: Memory[str, V], key: str, found: dict[str, V]) -> bool:
    if key not in memory:
        return False
    found[key] = memory.get(key)
    return True
