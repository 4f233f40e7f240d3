"""Rights that the core granted: grants in the cache in, a RIGHTS_ACKNOWLEDGED entry each in the journal out, once for ever (invariant 10).

A grant is taken by its id: the journal remembers the id as the entry's repeat key, so that a restart or a fork takes nothing twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from adapters.canonical.entry import EntryContent, EntryKind
from adapters.errors import TillstreamError
from adapters.seams.clock import Clock
from adapters.seams.telemetry import Telemetry
from edge_agent.ports import AGENT, Cache, CachedGrant, Draft, Journal, OwnMovement

log = structlog.get_logger(__name__)

TRANSPORT = "agent"
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsTaker:
    """Takes grants over. `encode` writes the wire's RightsAcknowledged for a transfer id; `news` is set when the core has spoken."""

    cache: Cache
    journal: Journal
    encode: Callable[[str], bytes]
    news: asyncio.Event
    clock: Clock
    telemetry: Telemetry

    async def run(self) -> None:
        """Take over what is granted, now and whenever the core speaks, until cancelled."""
        while True:
            self.news.clear()
            try:
                await self.take_over()
            except TillstreamError as error:
                log.warning("rights are not taken over yet", reason=error.reason, sentence=error.sentence)
                await self.clock.sleep(_RETRY_SECONDS)
            else:
                await self.news.wait()

    async def take_over(self) -> int:
        """Journal every grant that is not taken yet; return how many there were."""
        grants = await self.cache.untaken_grants()
        for grant in grants:
            await self.journal.append(self._draft(grant))
            self.telemetry.count("rights_taken")
        return len(grants)

    def _draft(self, grant: CachedGrant) -> Draft:
        raw = self.encode(grant.transfer_id)
        content = EntryContent(
            kind=EntryKind.RIGHTS_ACKNOWLEDGED,
            transport=TRANSPORT,
            dialect="",
            dialect_version="",
            till="",
            raw=raw,
            received_at=self.clock.now(),
            receipt_id="",
        )
        moved = (OwnMovement(sku=grant.sku, quantity=grant.quantity, rights_only=True),)
        repeat_key = (AGENT, grant.transfer_id, hashlib.sha256(raw).digest())
        return Draft(content=content, movements=moved, repeat_key=repeat_key)
