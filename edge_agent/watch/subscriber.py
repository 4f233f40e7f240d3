"""The watch's loop: a transport and a cache in, the cache kept up with the core, one watch after another, for as long as the process lives.

    open from the cache's position --> news --> apply --> ... silence or an error --> wait (full jitter) --> open

Each message is applied in one transaction before the next is taken, so that a slow disk slows the core and nothing piles up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from adapters.canonical.downlink import News, WatchFrom
from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.clock import Clock
from adapters.seams.deadline import within
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from adapters.seams.transport import WatchCall, WatchTransport
from edge_agent.ports import Cache
from edge_agent.watch.revision import is_heartbeat, revision

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSeams:
    """What is injected."""

    clock: Clock
    randomness: Randomness
    telemetry: Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """Seconds. The core speaks at least every ten, so `silence_seconds` without a word means that the line is dead."""

    open_seconds: float = 20.0
    silence_seconds: float = 30.0
    soon: Backoff = Backoff(base=0.2, cap=30.0)
    late: Backoff = Backoff(base=30.0, cap=600.0)
    steady_seconds: float = 30.0
    """A watch that lived for so long has worked: the waits begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStatus:
    """What a technician sees. `reason` and `sentence` tell why no watch is open; empty while one is.

    `clock_offset_seconds` is how far the core's clock was ahead of this one when it last spoke, the line's delay included.
    """

    connected: bool = False
    since: datetime | None = None
    heard_at: datetime | None = None
    reason: str = ""
    sentence: str = ""
    clock_offset_seconds: float | None = None


class Subscriber:
    """Keeps a watch open; `run` is kept as a task by app.py."""

    def __init__(
        self, cache: Cache, transport: WatchTransport, seams: WatchSeams, options: WatchOptions | None = None
    ) -> None:
        self._cache = cache
        self._transport = transport
        self._seams = seams
        self._options = options or WatchOptions()
        self._failures = 0
        self._connected = False
        self._began = seams.clock.monotonic()
        self._since: datetime | None = None
        self._heard_at: datetime | None = None
        self._error: TillstreamError | None = None
        self._clock_offset: float | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            pause = await self._one_watch()
            await self._seams.clock.sleep(pause)

    def status(self) -> WatchStatus:
        """Return how the way down stands now."""
        error = None if self._connected else self._error
        return WatchStatus(
            connected=self._connected,
            since=self._since,
            heard_at=self._heard_at,
            reason=error.reason if error else "",
            sentence=error.sentence if error else "",
            clock_offset_seconds=self._clock_offset,
        )

    async def _one_watch(self) -> float:
        """Open a watch, stay on it until it ends, and return the seconds to wait before the next."""
        call: WatchCall | None = None
        try:
            feed_id, known = await self._cache.position()
            start = WatchFrom(feed_id=feed_id, revision=known)
            call = await within(self._seams.clock, self._options.open_seconds, self._transport.open(start))
            return self._failed(await self._follow(call))
        except TillstreamError as error:
            return self._failed(error)
        except TimeoutError:
            sentence = "The core has been silent for too long; the watch is opened anew. Stock answers tell their age."
            return self._failed(Transient(Reason.CORE_UNREACHABLE, sentence))
        except Exception as error:
            log.exception("the watch failed")
            sentence = f"The watch failed ({type(error).__name__}); this is a defect: report it with the agent's log."
            return self._failed(Permanent(Reason.INTERNAL, sentence))
        finally:
            self._turn(connected=False)
            if call is not None:
                await call.close()

    async def _follow(self, call: WatchCall) -> TillstreamError:
        while True:
            news = await within(self._seams.clock, self._options.silence_seconds, call.receive())
            if news is None:
                return Transient(Reason.CORE_UNREACHABLE, "The core ended the watch, as it does when it restarts.")
            await self._take(news)
            if not self._connected:
                self._turn(connected=True)

    async def _take(self, news: News) -> None:
        now = self._seams.clock.now()
        if is_heartbeat(news, await self._cache.position()):
            await self._cache.heard(now)
        else:
            await self._cache.apply(revision(news, now))
            self._seams.telemetry.count("watch_changes", len(news.changes))
            if news.snapshot_begins:
                self._seams.telemetry.count("watch_snapshots")
        self._heard_at = now
        self._clock_offset = (news.sent_at - now).total_seconds()
        self._seams.telemetry.gauge("core_clock_offset_seconds", self._clock_offset)

    def _failed(self, error: TillstreamError) -> float:
        steady = self._connected and self._seams.clock.monotonic() - self._began >= self._options.steady_seconds
        self._failures = 1 if steady else self._failures + 1
        self._error = error
        self._seams.telemetry.count("watch_ended", reason=error.reason)
        if isinstance(error, Permanent):
            log.error("the core refuses this agent's watch", reason=error.reason, sentence=error.sentence)
            ceiling = self._options.late.ceiling(self._failures - 1)
            return self._seams.randomness.uniform(ceiling / 2, ceiling)
        log.info("the watch is interrupted", reason=error.reason, sentence=error.sentence)
        asked = error.retry_after if isinstance(error, Transient) else None
        return self._options.soon.delay(self._failures - 1, self._seams.randomness) + (asked or 0.0)

    def _turn(self, *, connected: bool) -> None:
        if connected != self._connected or self._since is None:
            self._since = self._seams.clock.now()
            self._began = self._seams.clock.monotonic()
        self._connected = connected
        self._seams.telemetry.gauge("watch_connected", float(connected))
