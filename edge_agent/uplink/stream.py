"""The uplink's loop: a journal and a transport in, one stream after another out, for as long as the process lives.

    connect --> stream --> ends --> wait (full jitter; longer the more often nothing was settled) --> connect

Nothing that happens here stops the tills: errors are counted, shown in `status`, and tried again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import structlog

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.deadline import first_of, within
from adapters.seams.transport import UplinkCall, UplinkTransport
from edge_agent.ports import Journal
from edge_agent.uplink.session import End, Stream, UplinkLimits, UplinkSeams
from edge_agent.uplink.window import Pace

log = structlog.get_logger(__name__)

_RETRIED_SOON = frozenset({Reason.SESSION_SUPERSEDED, Reason.SEQUENCE_UNEXPECTED, Reason.CHAIN_BROKEN})
"""Permanent for the stream, not for the agent: another one may go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkOptions:
    """How the loop waits: `soon` after trouble that passes by itself, `late` after what a person has to mend, seconds."""

    limits: UplinkLimits = field(default_factory=UplinkLimits)
    soon: Backoff = Backoff(base=0.2, cap=30.0)
    late: Backoff = Backoff(base=30.0, cap=600.0)
    steady_seconds: float = 60.0
    """A stream open for so long has worked, even when there was nothing to send."""
    measure_seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkStatus:
    """What a technician sees. `reason` and `sentence` tell why no stream is open; empty while one is.

    Health is `oldest_unsettled_seconds`, the age of the oldest entry that the core has not answered for (faults row 7).
    """

    connected: bool = False
    since: datetime | None = None
    reason: str = ""
    sentence: str = ""
    revoked: bool = False
    entries_unsettled: int = 0
    oldest_unsettled_seconds: float = 0.0


class Uplink:
    """Keeps a stream open; `run` is kept as a task by app.py."""

    def __init__(
        self, journal: Journal, transport: UplinkTransport, seams: UplinkSeams, options: UplinkOptions | None = None
    ) -> None:
        self._journal = journal
        self._transport = transport
        self._seams = seams
        self._options = options or UplinkOptions()
        self._pace = Pace()
        self._failures = 0
        self._forks = 0
        self._stream: Stream | None = None
        self._since: datetime | None = None
        self._error: TillstreamError | None = None

    async def run(self) -> None:
        """Stream until cancelled."""
        await first_of(self._keep_streaming(), self._measure())

    async def status(self) -> UplinkStatus:
        """Return how the way up stands now."""
        head = await self._journal.head()
        oldest = head.oldest_unsettled_at
        age = (self._seams.clock.now() - oldest).total_seconds() if oldest else 0.0
        connected = self._stream is not None and self._stream.opened
        error = None if connected else self._error
        return UplinkStatus(
            connected=connected,
            since=self._since,
            reason=error.reason if error else "",
            sentence=error.sentence if error else "",
            revoked=error is not None and error.reason is Reason.AGENT_REVOKED,
            entries_unsettled=head.entries_unsettled,
            oldest_unsettled_seconds=max(0.0, age),
        )

    async def _keep_streaming(self) -> None:
        while True:
            pause = await self._one_stream()
            await self._seams.clock.sleep(pause)

    async def _one_stream(self) -> float:
        """Open a stream, stay on it until it ends, and return the seconds to wait before the next."""
        started = self._seams.clock.monotonic()
        self._since = self._seams.clock.now()
        call: UplinkCall | None = None
        try:
            call = await within(self._seams.clock, self._options.limits.open_seconds, self._transport.open())
            self._stream = Stream(self._journal, call, self._seams, self._options.limits, self._pace)
            return self._ended(await self._stream.run(), started)
        except TillstreamError as error:
            return self._failed(error, started)
        except TimeoutError:
            sentence = "The core did not answer in time; check the line. Tills go on selling."
            return self._failed(Transient(Reason.CORE_UNREACHABLE, sentence), started)
        except Exception as error:
            log.exception("the uplink failed")
            sentence = f"The uplink failed ({type(error).__name__}); this is a defect: report it with the agent's log."
            return self._failed(Permanent(Reason.INTERNAL, sentence), started)
        finally:
            self._stream = None
            self._since = self._seams.clock.now()
            if call is not None:
                await call.close()

    def _ended(self, end: End, started: float) -> float:
        self._learn(started)
        self._seams.telemetry.count("uplink_streams_ended", reason=end)
        log.warning("the journal has a new epoch", reason=end)
        if end is End.FORKED:
            # A second fork before anything settled in the new epoch may go on for ever, and each one writes the backlog again.
            self._forks += 1
            return 0.0 if self._forks == 1 else self._late(self._forks - 2)
        self._failures += 1
        return self._options.soon.delay(self._failures - 1, self._seams.randomness)

    def _failed(self, error: TillstreamError, started: float) -> float:
        self._learn(started)
        self._failures += 1
        self._error = error
        self._seams.telemetry.count("uplink_streams_ended", reason=error.reason)
        if isinstance(error, Permanent) and error.reason not in _RETRIED_SOON:
            log.error("the core refuses this agent's entries", reason=error.reason, sentence=error.sentence)
            return self._late(self._failures - 1)
        log.info("the uplink is interrupted", reason=error.reason, sentence=error.sentence)
        pause = self._options.soon.delay(self._failures - 1, self._seams.randomness)
        asked = error.retry_after if isinstance(error, Transient) else None
        return pause + (asked or 0.0)

    def _learn(self, started: float) -> None:
        """Take over what the stream taught: the pace, and whether the way works at all."""
        stream = self._stream
        if stream is None:
            return
        steady = self._seams.clock.monotonic() - started >= self._options.steady_seconds
        if stream.settled_any or (stream.opened and steady):
            self._failures = 0
            self._forks = 0
            self._error = None
        self._pace = stream.pace.shrunk() if stream.failed_in_flight else stream.pace

    def _late(self, attempt: int) -> float:
        ceiling = self._options.late.ceiling(attempt)
        return self._seams.randomness.uniform(ceiling / 2, ceiling)

    async def _measure(self) -> None:
        while True:
            try:
                status = await self.status()
            except TillstreamError as error:
                self._seams.telemetry.count("uplink_measure_failures", reason=error.reason)
            else:
                self._seams.telemetry.gauge("uplink_connected", float(status.connected))
                self._seams.telemetry.gauge("uplink_revoked", float(status.revoked))
                self._seams.telemetry.gauge("uplink_unsettled_entries", float(status.entries_unsettled))
                self._seams.telemetry.gauge("uplink_oldest_unsettled_seconds", status.oldest_unsettled_seconds)
            await self._seams.clock.sleep(self._options.measure_seconds)
