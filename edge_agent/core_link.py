"""The agent's side of the core: a keystore, journal and cache in; renewal, uplink, watch and rights kept running out.

    no identity yet --> look for one every now and then --> identity --> gRPC loaded --> renewal | uplink | watch | rights

gRPC is loaded only here, off the event loop and after the doors have opened: it takes a good part of the start's time and memory.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from edge_agent.cache.store import SqliteCache
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.identity.renewal import Renewal, RenewalSeams, RenewalStatus
from edge_agent.intake.rights import RightsTaker
from edge_agent.journal.store import SqliteJournal
from edge_agent.ports import Revision
from edge_agent.supervision import Supervisor
from edge_agent.uplink.session import UplinkLimits, UplinkSeams
from edge_agent.uplink.stream import Uplink, UplinkOptions, UplinkStatus
from edge_agent.watch.subscriber import Subscriber, WatchSeams, WatchStatus

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkParts:
    """What the link works with."""

    keystore: Keystore
    journal: SqliteJournal
    cache: SqliteCache
    supervisor: Supervisor
    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    failpoints: Failpoints
    version: str


class CoreLink:
    """Starts what talks to the core as soon as the box is enrolled. `identity` is read once at the start, before the doors open."""

    def __init__(self, parts: LinkParts) -> None:
        self._parts = parts
        self._identity: Identity | None = parts.keystore.load()
        self._renewal: Renewal | None = None
        self._uplink: Uplink | None = None
        self._watch: Subscriber | None = None

    async def run(self) -> None:
        """Wait for the identity, then start everything; returns when it is running."""
        while self._identity is None:
            await self._parts.clock.sleep(_LOOK_SECONDS)
            self._identity = await self._look()
        await asyncio.to_thread(_load_wire)
        self._start(self._identity)

    def store(self) -> str:
        """Return the store of this box; raise Transient(NOT_READY) before it is enrolled."""
        if self._identity is None:
            sentence = "Not accepted: this agent belongs to no store yet. Enrol it with `edge-agent enrol TOKEN`, then send again."
            raise Transient(Reason.NOT_READY, sentence, retry_after=10.0)
        return self._identity.store

    @property
    def identity(self) -> Identity | None:
        """Who the box is, by its newest certificate; None before enrolment."""
        return self._renewal.identity if self._renewal else self._identity

    def renewal(self) -> RenewalStatus | None:
        """Return how the certificate does."""
        return self._renewal.status if self._renewal else None

    async def uplink(self) -> UplinkStatus | None:
        """Return how the way up stands."""
        return await self._uplink.status() if self._uplink else None

    def watch(self) -> WatchStatus | None:
        """Return how the way down stands."""
        return self._watch.status() if self._watch else None

    async def _look(self) -> Identity | None:
        try:
            return await asyncio.to_thread(self._parts.keystore.load)
        except TillstreamError as error:
            log.warning("the identity cannot be used", reason=error.reason, sentence=error.sentence)
            return None

    def _start(self, identity: Identity) -> None:
        from edge_agent.identity.wire import GrpcIssuer, connector
        from edge_agent.uplink.wire import GrpcUplinkTransport, rights_acknowledged
        from edge_agent.watch.wire import GrpcWatchTransport

        parts = self._parts
        clock, randomness, telemetry = parts.clock, parts.randomness, parts.telemetry
        renewal_seams = RenewalSeams(clock=clock, randomness=randomness, telemetry=telemetry)
        renewal = Renewal(identity, parts.keystore, GrpcIssuer(), renewal_seams)
        connect = connector(lambda: renewal.identity)
        limits = UplinkLimits(agent_version=parts.version)
        self._uplink = Uplink(
            parts.journal,
            GrpcUplinkTransport(connect),
            UplinkSeams(clock=clock, randomness=randomness, telemetry=telemetry, failpoints=parts.failpoints),
            UplinkOptions(limits=limits),
        )
        watch_seams = WatchSeams(clock=clock, randomness=randomness, telemetry=telemetry)
        self._watch = Subscriber(parts.cache, GrpcWatchTransport(connect), watch_seams)
        self._renewal = renewal
        parts.supervisor.start("renewal", renewal.run)
        parts.supervisor.start("uplink", self._uplink.run)
        parts.supervisor.start("watch", self._watch.run)
        parts.supervisor.start("rights", self._rights(rights_acknowledged).run)
        log.info("linked to the core", tenant=identity.tenant, store=identity.store, agent=identity.agent)

    def _rights(self, encode: Callable[[str], bytes]) -> RightsTaker:
        news = asyncio.Event()

        def heard(revision: Revision) -> None:
            if revision.grants or revision.complete:
                news.set()

        parts = self._parts
        parts.cache.on_applied = heard
        return RightsTaker(
            cache=parts.cache,
            journal=parts.journal,
            encode=encode,
            news=news,
            clock=parts.clock,
            telemetry=parts.telemetry,
        )


def _load_wire() -> None:
    for name in ("edge_agent.identity.wire", "edge_agent.uplink.wire", "edge_agent.watch.wire"):
        importlib.import_module(name)
