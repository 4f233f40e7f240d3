"""How a running agent does: its parts in, one set of figures out, as JSON for `GET /v1/status` and as lines for a person."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from adapters.seams.clock import Clock
from edge_agent.identity.keystore import Identity
from edge_agent.identity.renewal import RenewalStatus
from edge_agent.ports import JournalHead
from edge_agent.uplink.stream import UplinkStatus
from edge_agent.watch.subscriber import WatchStatus


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """The process: memory in bytes."""

    version: str
    pid: int
    started_at: datetime
    uptime_seconds: float
    rss_bytes: int
    address: str
    requests_in_flight: int
    connections: int
    crashes: dict[str, int]


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """Who the box is. `reason` and `sentence` tell why its certificate could not be renewed."""

    enrolled: bool
    tenant: str = ""
    store: str = ""
    agent: str = ""
    certificate_expires_at: datetime | None = None
    reason: str = ""
    sentence: str = ""


class JournalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the journal. Health is `oldest_unsettled_seconds`."""

    epoch: str
    entries: int
    settled_through: int
    unsettled: int
    oldest_unsettled_seconds: float
    bytes_used: int
    bytes_allowed: int
    wal_bytes: int
    disk_full: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A connection to the core; `reason` and `sentence` tell why there is none."""

    connected: bool
    since: datetime | None = None
    reason: str = ""
    sentence: str = ""


class CacheFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows. `age_seconds` since the core was last heard; its clock was `core_clock_offset_seconds` ahead then."""

    complete: bool
    age_seconds: float
    feed_id: str
    revision: int
    core_clock_offset_seconds: float | None = None


class AgentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at once."""

    process: Process
    identity: Membership
    journal: JournalFigures
    uplink: Line
    watch: Line
    cache: CacheFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSources:
    """Whom to ask. `uplink`, `watch` and `renewal` return None until the box is enrolled."""

    clock: Clock
    process: Callable[[], Process]
    identity: Callable[[], Identity | None]
    renewal: Callable[[], RenewalStatus | None]
    head: Callable[[], Awaitable[JournalHead]]
    disk: Callable[[], tuple[int, int, bool]]
    """Bytes allowed, bytes of the write-ahead log, and whether the disk is full."""
    uplink: Callable[[], Awaitable[UplinkStatus | None]]
    watch: Callable[[], WatchStatus | None]
    position: Callable[[], Awaitable[tuple[str, int]]]
    heard: Callable[[], tuple[float, bool]]
    """Seconds since the core was last heard, and whether it has told everything."""


async def gather(sources: StatusSources) -> AgentStatus:
    """Return how the agent does now."""
    feed_id, revision = await sources.position()
    age, complete = sources.heard()
    watch = sources.watch()
    return AgentStatus(
        process=sources.process(),
        identity=_membership(sources.identity(), sources.renewal()),
        journal=_journal(await sources.head(), sources.disk(), sources.clock.now()),
        uplink=_line(await sources.uplink()),
        watch=_line(watch),
        cache=CacheFigures(
            complete=complete,
            age_seconds=round(age, 3),
            feed_id=feed_id,
            revision=revision,
            core_clock_offset_seconds=watch.clock_offset_seconds if watch else None,
        ),
    )


def resident_bytes() -> int:
    """Return the memory that this process holds, 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def lines(status: AgentStatus) -> Iterator[str]:
    """Yield what a person should see, most important first."""
    who, journal = status.identity, status.journal
    if who.enrolled:
        yield f"agent    {who.agent} of store {who.store}, tenant {who.tenant}"
    else:
        yield "agent    not enrolled: get a token with `core-service token create`, then `edge-agent enrol TOKEN`"
    yield f"doors    {status.process.address}, {status.process.connections} connections, {status.process.requests_in_flight} requests under way"
    yield f"uplink   {_said(status.uplink)}"
    yield f"watch    {_said(status.watch)}"
    yield f"journal  {journal.unsettled} not settled{_oldest(journal)}, {journal.settled_through} of {journal.entries} settled in this epoch"
    yield f"disk     {_mib(journal.bytes_used)} of {_mib(journal.bytes_allowed)} used{', DISK FULL: free space' if journal.disk_full else ''}"
    complete = "complete" if status.cache.complete else "not complete yet"
    heard = f"core heard {_ago(status.cache.age_seconds)} ago" if status.cache.feed_id else "the core was never heard"
    yield f"cache    {complete}, {heard}"
    if who.certificate_expires_at is not None:
        yield f"identity certificate until {who.certificate_expires_at:%Y-%m-%d %H:%M} UTC{f'; {who.sentence}' if who.sentence else ''}"
    yield f"process  {status.process.version}, pid {status.process.pid}, up {_ago(status.process.uptime_seconds)}, {_mib(status.process.rss_bytes)}"
    if crashed := {name: count for name, count in status.process.crashes.items() if count}:
        yield f"crashes  {', '.join(f'{name} x {count}' for name, count in crashed.items())}: see the log"


def _membership(identity: Identity | None, renewal: RenewalStatus | None) -> Membership:
    if identity is None:
        return Membership(enrolled=False)
    return Membership(
        enrolled=True,
        tenant=identity.tenant,
        store=identity.store,
        agent=identity.agent,
        certificate_expires_at=identity.expires_at,
        reason=renewal.reason if renewal else "",
        sentence=renewal.sentence if renewal else "",
    )


def _journal(head: JournalHead, disk: tuple[int, int, bool], now: datetime) -> JournalFigures:
    allowed, wal, full = disk
    oldest = head.oldest_unsettled_at
    return JournalFigures(
        epoch=head.epoch.hex(),
        entries=head.next_sequence - 1,
        settled_through=head.settled_sequence,
        unsettled=head.entries_unsettled,
        oldest_unsettled_seconds=round(max(0.0, (now - oldest).total_seconds()), 3) if oldest else 0.0,
        bytes_used=head.bytes_used,
        bytes_allowed=allowed,
        wal_bytes=wal,
        disk_full=full,
    )


def _line(told: UplinkStatus | WatchStatus | None) -> Line:
    if told is None:
        return Line(connected=False, sentence="The box is not enrolled yet.")
    return Line(connected=told.connected, since=told.since, reason=told.reason, sentence=told.sentence)


def _said(line: Line) -> str:
    if line.connected:
        return f"connected since {line.since:%Y-%m-%d %H:%M:%S} UTC" if line.since else "connected"
    return f"not connected: {line.sentence or 'connecting'}"


def _oldest(journal: JournalFigures) -> str:
    return f" (the oldest for {_ago(journal.oldest_unsettled_seconds)})" if journal.unsettled else ""


def _ago(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))


def _mib(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB"
