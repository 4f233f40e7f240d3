"""The agent put together, the only wiring: settings and seams in, a process out whose doors are open whatever the line does.

    start  file -> cache -> journal -> doors open -> identity -> renewal, uplink, watch, rights
    stop   doors closed and drained -> tasks cancelled, the last one first -> file closed

A box that is not enrolled yet waits for its identity with open doors; a core that is down stops no till.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import structlog

from adapters.card_numbers import masked_text
from adapters.pos import registry
from adapters.seams.clock import Clock, SystemClock
from adapters.seams.failpoint import Failpoints, KillingFailpoints, NoFailpoints
from adapters.seams.randomness import Randomness, SystemRandomness
from adapters.telemetry.metrics import PrometheusTelemetry
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.cache.store import JournalView, SqliteCache
from edge_agent.core_link import CoreLink, LinkParts
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import ThreadExecutor
from edge_agent.field import status
from edge_agent.field.status import Process, StatusSources
from edge_agent.identity.keystore import Keystore
from edge_agent.intake.acceptance import Acceptance, AcceptanceParts
from edge_agent.intake.doorway import Doorway, DoorwaySeams
from edge_agent.intake.rejections import Rejections, RejectionSeams
from edge_agent.intake.rest import RestParts, application
from edge_agent.intake.server import RestServer
from edge_agent.intake.sign_in import SignIn
from edge_agent.journal import movements
from edge_agent.journal.retention import Retention
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import JournalOptions, SqliteJournal
from edge_agent.settings import Settings, failpoint, version
from edge_agent.supervision import Supervisor
from edge_agent.till.lookup import Lookup

log = structlog.get_logger(__name__)

SCHEMAS = (JOURNAL_SCHEMA, CACHE_SCHEMA)
VERSION = version()

_MUST_BE_OK = frozenset({"identity", "journal", "process", "tills"})
_RETIRE_SECONDS = 300.0
_MEASURE_SECONDS = 5.0
_VIEW = JournalView(
    head=movements.head,
    epoch_order=movements.epoch_order,
    moved_after=movements.moved_after,
    taken_transfers=movements.taken_transfers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What is injected into every room."""

    clock: Clock
    randomness: Randomness
    telemetry: PrometheusTelemetry
    failpoints: Failpoints


def real_seams() -> Seams:
    """Return the machine's clock and chance, and the failpoint that a test may have armed from outside."""
    # gRPC writes lines of its own to standard error, where ours are JSON; what matters of them comes back as errors.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    armed = failpoint()
    return Seams(
        clock=SystemClock(),
        randomness=SystemRandomness(),
        telemetry=PrometheusTelemetry("tillstream_edge"),
        failpoints=KillingFailpoints(armed) if armed else NoFailpoints(),
    )


async def open_database(settings: Settings, seams: Seams) -> Database:
    """Open `agent.db` in the data directory (0700), making both where they are not there."""
    settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = DatabaseOptions(
        reserve_bytes=settings.journal.reserve_bytes, telemetry=seams.telemetry, failpoints=seams.failpoints
    )
    return await Database.open(settings.database, ThreadExecutor(), seams.clock, SCHEMAS, options)


async def open_journal(
    database: Database, settings: Settings, seams: Seams, cache: SqliteCache | None = None
) -> SqliteJournal:
    """Open the journal; the cache hears what its entries move."""
    kept = settings.journal
    options = JournalOptions(
        disk_budget=kept.disk_budget_bytes,
        retention=Retention(keep_for=kept.keep_for, keep_under_pressure=kept.keep_under_pressure),
        telemetry=seams.telemetry,
    )
    if cache is not None:
        options = replace(options, listener=cache)
    return await SqliteJournal.open(database, seams.clock, seams.randomness, options)


class Agent:
    """The running agent. Make it with `open`, let it `run` until a signal, and `close` it."""

    def __init__(
        self, settings: Settings, seams: Seams, database: Database, journal: SqliteJournal, cache: SqliteCache
    ) -> None:
        self._settings = settings
        self._seams = seams
        self._database = database
        self._journal = journal
        self._cache = cache
        self._stopping = asyncio.Event()
        self._started_at = seams.clock.now()
        self._started = seams.clock.monotonic()
        self._supervisor = Supervisor(seams.clock, seams.randomness, seams.telemetry)
        self._link = CoreLink(self._link_parts())
        self._doorway = self._doors()
        self._server = RestServer(self._doorway, settings.rest)
        self._address = ""

    @classmethod
    async def open(cls, settings: Settings, seams: Seams) -> Agent:
        """Open file, cache and journal; raise Permanent with the next step when that cannot be."""
        database = await open_database(settings, seams)
        try:
            cache = await SqliteCache.open(database, seams.clock, _VIEW, remembered=settings.cache.remembered)
            journal = await open_journal(database, settings, seams, cache)
            return cls(settings, seams, database, journal, cache)
        except BaseException:
            await database.close()
            raise

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; a second one cuts what is under way. Nothing that was accepted is lost by either."""
        host, port = self._server.listen()
        self._address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._settings.address_file.write_text(json.dumps({"host": host, "port": port, "pid": os.getpid()}), "ascii")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        serving = asyncio.create_task(self._server.serve(), name="doors")
        self._supervisor.start("retention", self._retire)
        self._supervisor.start("figures", self._measure)
        self._supervisor.start("core", self._link.run)
        log.info("the agent is running", address=self._address, version=VERSION, data_dir=self._settings.data_dir)
        await serving

    async def close(self) -> None:
        """Stop the tasks and close the file."""
        await self._supervisor.stop()
        await self._database.close()
        self._settings.address_file.unlink(missing_ok=True)
        log.info("the agent has stopped")

    def _stop(self) -> None:
        again = self._stopping.is_set()
        log.info("stopping", at_once=again)
        self._stopping.set()
        self._server.stop(at_once=again)

    async def _retire(self) -> None:
        while True:
            gone = await self._journal.retire()
            if gone:
                log.info("settled entries are past their retention", deleted=gone)
            await self._seams.clock.sleep(_RETIRE_SECONDS)

    async def _measure(self) -> None:
        while True:
            head, telemetry = await self._journal.head(), self._seams.telemetry
            telemetry.gauge("journal_bytes", head.bytes_used)
            telemetry.gauge("journal_unsettled_entries", head.entries_unsettled)
            oldest = head.oldest_unsettled_at
            age = (self._seams.clock.now() - oldest).total_seconds() if oldest else 0.0
            telemetry.gauge("oldest_unsettled_seconds", max(0.0, age))
            telemetry.gauge("cache_age_seconds", self._cache.age_seconds())
            telemetry.gauge("connections", self._server.connections)
            await self._seams.clock.sleep(_MEASURE_SECONDS)

    def _link_parts(self) -> LinkParts:
        return LinkParts(
            keystore=Keystore(self._settings.directory),
            journal=self._journal,
            cache=self._cache,
            supervisor=self._supervisor,
            clock=self._seams.clock,
            randomness=self._seams.randomness,
            telemetry=self._seams.telemetry,
            failpoints=self._seams.failpoints,
            version=VERSION,
        )

    def _doors(self) -> Doorway:
        seams, rest, cache = self._seams, self._settings.rest, self._cache
        parts = RestParts(
            acceptance=Acceptance(self._acceptance_parts()),
            sign_in=SignIn(
                cache=cache,
                complete=lambda: cache.complete,
                loopback_without_key=rest.allow_loopback_without_key,
            ),
            cache=cache,
            receipt=self._journal.receipt,
            lookup=Lookup(
                cache=cache, clock=seams.clock, age_seconds=cache.age_seconds, complete=lambda: cache.complete
            ),
            readiness=self._readiness,
            may_stop=_MUST_BE_OK,
            status=self._status,
            metrics=seams.telemetry.text,
        )
        doorway = DoorwaySeams(
            clock=seams.clock, randomness=seams.randomness, telemetry=seams.telemetry, guard=masked_text
        )
        return application(parts, rest, doorway)

    def _acceptance_parts(self) -> AcceptanceParts:
        seams = self._seams
        kept = RejectionSeams(clock=seams.clock, telemetry=seams.telemetry, guard=masked_text)
        return AcceptanceParts(
            journal=self._journal,
            cache=self._cache,
            dialect=registry.dialect,
            store=self._link.store,
            rejections=Rejections(self._journal, self._settings.rest.rejection_limits, kept),
            clock=seams.clock,
            telemetry=seams.telemetry,
            failpoints=seams.failpoints,
        )

    def _readiness(self) -> Mapping[str, str]:
        enrolled, line = self._link.identity is not None, self._link.watch()
        return {
            "process": "stopping" if self._stopping.is_set() else "ok",
            "journal": "the disk is full: free space" if self._database.full else "ok",
            "identity": "ok" if enrolled else "not enrolled: run `edge-agent enrol TOKEN`",
            "tills": "ok" if self._cache.complete else "the core has not told yet which tills there are",
            "core": "ok"
            if line and line.connected
            else f"not connected: {line.sentence if line else ''} Tills can sell.",
        }

    async def _status(self) -> bytes:
        return msgspec.json.encode(await status.gather(self._sources()))

    def _sources(self) -> StatusSources:
        cache, allowed = self._cache, self._settings.journal.disk_budget_bytes
        return StatusSources(
            clock=self._seams.clock,
            process=self._process,
            identity=lambda: self._link.identity,
            renewal=self._link.renewal,
            head=self._journal.head,
            disk=lambda: (allowed, self._database.wal_bytes(), self._database.full),
            uplink=self._link.uplink,
            watch=self._link.watch,
            position=cache.position,
            heard=lambda: (cache.age_seconds(), cache.complete),
        )

    def _process(self) -> Process:
        return Process(
            version=VERSION,
            pid=os.getpid(),
            started_at=self._started_at,
            uptime_seconds=round(self._seams.clock.monotonic() - self._started, 1),
            rss_bytes=status.resident_bytes(),
            address=self._address,
            requests_in_flight=self._doorway.in_flight,
            connections=self._server.connections,
            crashes=dict(self._supervisor.crashes),
        )
