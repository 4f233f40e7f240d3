"""What the agent's rooms promise each other: the journal between intake and uplink, the cache between watch and till."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Protocol

from adapters.canonical.entry import Entry, EntryContent, EntryId, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMovement:
    """What an entry did to the store's own stock: negative when goods left.

    `rights_only` moves the right to promise and no goods: above zero for a grant taken over, below for rights given back.
    """

    sku: str
    quantity: Decimal
    rights_only: bool = False


AGENT = "@agent"
"""Stands for the till in the repeat key of the agent's own facts: (AGENT, transfer id, SHA-256 of raw)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedEntry:
    """An entry's own movements with its place: `epoch_order` counts the journal's epochs from 1, `former` are identities it had before."""

    epoch_order: int
    id: EntryId
    former: tuple[EntryId, ...]
    movements: tuple[OwnMovement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a door wants journalled, already masked and read. `content.receipt_id` is the receipt of a first acceptance.

    `repeat_key` is the till's Idempotency-Key with the SHA-256 of the request, when it sent one: (till, key, digest).
    """

    content: EntryContent
    movements: tuple[OwnMovement, ...] = ()
    repeat_key: tuple[str, str, bytes] | None = None
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The journal's answer after the fsync. `first` is False for a repeat, which gets the first receipt again."""

    receipt_id: str
    entry: EntryId
    first: bool
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptState:
    """What became of a receipt: `verdict` is None until the core has settled it."""

    receipt_id: str
    till: str
    entry: EntryId
    received_at: datetime
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """Where the journal stands in its present epoch. `forked_from` is the epoch it replaced, empty otherwise.

    `retired_sequence` is the last one that retention deleted: before it no chain hash is known but the genesis. A core restored to there
    still gets what is kept, after a declared gap.
    """

    epoch: bytes
    next_sequence: int
    settled_sequence: int
    settled_chain: bytes
    forked_from: bytes = b""
    retired_sequence: int = 0
    bytes_used: int = 0
    oldest_unsettled_at: datetime | None = None
    entries_unsettled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Entries to send, in order. `gap_*` tell of entries before the first one that the journal no longer has."""

    entries: tuple[Entry, ...]
    gap_first: int = 0
    gap_last: int = 0
    gap_chain: bytes = b""
    gap_sentence: str = ""


class MovementListener(Protocol):
    """Hears what the journal does to the store's own stock, in order, right after each commit. Called on the event loop; must not block."""

    def appended(self, moved: MovedEntry) -> None:
        """An entry with own movements was journalled."""

    def rearranged(self) -> None:
        """Own movements got another place, or the core said that some had no effect: what was counted before is to be counted anew."""


class Journal(Protocol):
    """Durable, ordered, chained. Between intake and uplink; neither knows the other."""

    async def append(self, draft: Draft) -> Accepted:
        """Make a message durable (group commit, FULL sync) and return its receipt.

        Raises Permanent(CONFLICTING_DUPLICATE) for the same key with another fingerprint, Permanent(IDEMPOTENCY_KEY_REUSED) for the same
        repeat key with another request, Transient(DISK_BUDGET_EXHAUSTED | DISK_FULL | JOURNAL_UNAVAILABLE | OVERLOADED): not accepted.
        """

    async def head(self) -> JournalHead:
        """Return where the journal stands."""

    async def read(self, after: int, max_entries: int, max_bytes: int) -> Run:
        """Return entries of the present epoch after a sequence: at least one if there is any, else within the limits."""

    async def chain_at(self, sequence: int) -> bytes | None:
        """Return the chain hash at a sequence of the present epoch (0: genesis); None when it has no such entry."""

    async def settle(self, through: int, verdicts: Sequence[Verdict], *, epoch: bytes = b"") -> None:
        """Record the core's commit through a sequence, with its verdicts; money is deleted only long after this.

        When `epoch` is given and is not the present one, nothing happens: the answer was about a journal that has forked since.
        """

    async def rewind(self, watermark: int) -> None:
        """Take back settlements after a watermark: the core was restored and gets these entries again."""

    async def fork(self, sentence: str) -> JournalHead:
        """Open a new epoch and journal the unsettled entries again, in order, with their previous identity."""

    async def appended(self, after: int) -> None:
        """Return as soon as the present epoch has an entry after a sequence."""

    async def receipt(self, receipt_id: str) -> ReceiptState | None:
        """Return what became of a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedTill:
    """How a till signs in and what it speaks, as the core last said."""

    till: str
    dialect: str
    api_key_hashes: tuple[bytes, ...]
    webhook_secret: str
    webhook_url: str
    retired: bool
    currency: str
    time_zone: str
    closing_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedLevel:
    """Stock of a SKU as the core said it, as of (epoch, sequence) of this store's journal."""

    sku: str
    on_hand: Decimal
    store_rights: Decimal
    core_rights: Decimal
    reserved: Decimal
    epoch: bytes
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedOrder:
    """What the core said about an order."""

    order_id: str
    status: str
    receipt_id: str
    updated_at: datetime
    location: str
    tracking_number: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSku:
    """A SKU and the names tills use for it."""

    sku: str
    name: str
    gtins: tuple[str, ...]
    aliases: tuple[str, ...]
    retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedGrant:
    """Rights that the core granted."""

    transfer_id: str
    sku: str
    quantity: Decimal
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Changes of one message of the watch, applied in one transaction; `as_of` is when the core sent them, by this machine's monotonic-corrected clock."""

    feed_id: str
    revision: int
    snapshot_begins: bool
    complete: bool
    received_at: datetime
    levels: tuple[CachedLevel, ...] = ()
    orders: tuple[CachedOrder, ...] = ()
    tills: tuple[CachedTill, ...] = ()
    skus: tuple[CachedSku, ...] = ()
    grants: tuple[CachedGrant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A stock answer: level = the core's as of N plus the store's own movements after N; `age_seconds` since the core was last heard."""

    sku: str
    name: str
    on_hand: Decimal
    available: Decimal
    age_seconds: float
    complete: bool


class Cache(Protocol):
    """What the store knows between two words of the core; answers without the network."""

    async def apply(self, revision: Revision) -> None:
        """Store changes, all or nothing."""

    async def heard(self, at: datetime) -> None:
        """Record that the core was heard without changes (the age starts anew)."""

    async def position(self) -> tuple[str, int]:
        """Return (feed id, revision) to resume from; ("", 0) at the start."""

    async def till(self, till: str) -> CachedTill | None:
        """Return a till."""

    async def till_by_key(self, key_hash: bytes) -> CachedTill | None:
        """Return the till that a key belongs to."""

    async def resolve(self, names: Sequence[str]) -> dict[str, CachedSku]:
        """Return SKUs by SKU, GTIN (padded to 14) or alias."""

    async def levels(self, skus: Sequence[str]) -> dict[str, Shown]:
        """Return stock answers; a SKU never told is absent."""

    async def order(self, order_id: str) -> CachedOrder | None:
        """Return an order."""

    async def untaken_grants(self) -> list[CachedGrant]:
        """Return grants that no RIGHTS_ACKNOWLEDGED entry of this journal has taken over."""
