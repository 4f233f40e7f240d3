"""Messages that a door refused: what came and why in, a `rejected` entry in the journal out, within the till's quota (invariant 5).

The till gets its error all the same; the entry makes an exception in the core, so that a sale that was made does not vanish with it.
A message that could not even be masked leaves no bytes: only its length, the reason and where it goes wrong (invariant 15).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from adapters.canonical.entry import EntryContent, EntryKind
from adapters.errors import Permanent, TillstreamError
from adapters.seams.clock import Clock
from adapters.seams.telemetry import Telemetry
from edge_agent.intake import rejection_quota
from edge_agent.intake.rejection_quota import Allowance, RejectionLimits
from edge_agent.ports import Draft, Journal

_REMEMBERED = 1024
_MOST_TILLS = 1024
_LONGEST_SENTENCE = 500
_LONGEST_PATH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refused message. `masked` is None when masking itself failed; `raw` is used for its length and a digest in memory only."""

    till: str
    transport: str
    dialect: str
    dialect_version: str
    raw: bytes
    masked: bytes | None
    error: Permanent
    received_at: datetime
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionSeams:
    """What is injected. `guard` masks card numbers in a sentence or path, which may quote the message."""

    clock: Clock
    telemetry: Telemetry
    guard: Callable[[str], str]


class Rejections:
    """Keeps refused messages, each once, within the limits of its till."""

    def __init__(self, journal: Journal, limits: RejectionLimits, seams: RejectionSeams) -> None:
        self._journal = journal
        self._limits = limits
        self._seams = seams
        self._left: dict[str, Allowance] = {}
        self._recent: OrderedDict[bytes, None] = OrderedDict()

    async def keep(self, refused: Refused) -> None:
        """Journal a refused message unless the same one was kept just before, or its till's quota is used up. Never raises for the journal's sake."""
        name = f"{refused.till}\0{refused.error.reason}\0"
        digest = hashlib.sha256(name.encode() + refused.raw).digest()
        if digest in self._recent:
            self._recent.move_to_end(digest)
            self._count("repeated")
            return
        content = self._content(refused)
        if not self._may_keep(refused.till, len(content.raw)):
            self._count("over_quota")
            return
        self._remember(digest)
        try:
            await self._journal.append(self._draft(content, refused))
        except TillstreamError as error:
            self._recent.pop(digest, None)
            self._count(f"lost_{error.reason.lower()}")
        else:
            self._count("kept")

    def _content(self, refused: Refused) -> EntryContent:
        guard = self._seams.guard
        return EntryContent(
            kind=EntryKind.REJECTED,
            transport=refused.transport,
            dialect=refused.dialect,
            dialect_version=refused.dialect_version,
            till=refused.till,
            raw=refused.masked if refused.masked is not None else _summary(refused, guard),
            received_at=refused.received_at,
            receipt_id="",
            reason=refused.error.reason,
            sentence=guard(refused.error.sentence)[:_LONGEST_SENTENCE],
        )

    def _draft(self, content: EntryContent, refused: Refused) -> Draft:
        """A space in the name keeps it apart from every Idempotency-Key; a message without bytes has no digest worth keeping."""
        if refused.masked is None:
            return Draft(content=content, traceparent=refused.traceparent)
        digest = hashlib.sha256(refused.masked).digest()
        repeat_key = (refused.till, f"rejected {refused.error.reason} {digest.hex()}", digest)
        return Draft(content=content, repeat_key=repeat_key, traceparent=refused.traceparent)

    def _may_keep(self, till: str, size: int) -> bool:
        now = self._seams.clock.monotonic()
        left = self._left.get(till)
        if left is None:
            if len(self._left) >= _MOST_TILLS:
                return False
            left = rejection_quota.full(self._limits, now)
        self._left[till], allowed = rejection_quota.spend(left, size, self._limits, now)
        return allowed

    def _remember(self, digest: bytes) -> None:
        self._recent[digest] = None
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)

    def _count(self, outcome: str) -> None:
        self._seams.telemetry.count("rejections", outcome=outcome)


def _summary(refused: Refused, guard: Callable[[str], str]) -> bytes:
    at = guard(refused.error.path)[:_LONGEST_PATH]
    return msgspec.json.encode({"length": len(refused.raw), "reason": refused.error.reason, "at": at})
