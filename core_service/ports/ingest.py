"""What ingest needs of a store: stream positions, the inbox of verdicts, business keys, sales and sealed raw bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.canonical.entry import Entry, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.sale import Fact, Sale


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPosition:
    """Where the core stands in (agent, epoch): watermark 0 and the epoch's genesis when it has none."""

    watermark: int
    chain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """An entry with its verdict; unique by (agent, epoch, sequence) for ever. The raw bytes are sealed under `raw_id`."""

    agent: str
    store: str
    entry: Entry
    verdict: Verdict
    raw_id: str
    committed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A business fact on record."""

    key: BusinessKey
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRecord:
    """A booked document of a till, in one revision. `lines` of `sale` name SKUs, already resolved."""

    sale_id: str
    revision: int
    store: str
    till: str
    receipt_id: str
    sale: Sale
    dialect: str
    dialect_version: str
    booked_at: datetime
    raw_id: str
    voided_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecord:
    """A payment or refund beside a sale. `sale_id` is derived from what the fact says it is about, so it may come before its sale (no
    foreign key); empty when it names none.
    """

    fact_id: str
    store: str
    fact: Fact
    sale_id: str
    raw_id: str
    booked_at: datetime


class Streams(Protocol):
    """Positions of agents' streams and who may move them."""

    async def open(self, agent: str, epoch: bytes, session: bytes) -> StreamPosition:
        """Give the agent's only session to `session` and return the position of the epoch."""

    async def position(self, agent: str, epoch: bytes) -> StreamPosition:
        """Return the position of an epoch."""

    async def advance(
        self, agent: str, epoch: bytes, session: bytes, expected: StreamPosition, reached: StreamPosition
    ) -> bool:
        """Move the watermark if `session` still is the agent's and it stands at `expected`, and the agent is not revoked; False otherwise."""


class Inbox(Protocol):
    """Entries and their verdicts, kept for ever."""

    async def add(self, rows: Sequence[InboxRow]) -> None:
        """Record entries with their verdicts."""

    async def verdicts(self, agent: str, epoch: bytes, after: int, through: int) -> list[Verdict]:
        """Return the stored verdicts with after < sequence <= through, in order."""

    async def get(self, agent: str, epoch: bytes, sequence: int) -> InboxRow | None:
        """Return one entry with its verdict (raw bytes empty: they are sealed), for a replay."""

    async def by_receipt(self, receipt_id: str) -> InboxRow | None:
        """Return the entry that was given this receipt (raw bytes empty: they are sealed)."""

    async def replace_verdict(self, agent: str, epoch: bytes, verdict: Verdict) -> None:
        """Set an entry's verdict after a replay of its exception."""


class BusinessKeys(Protocol):
    """Names of facts on record."""

    async def find(self, names: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], list[KnownFact]]:
        """Return what is on record for (kind, source, reference), newest revision first; absent names are absent."""

    async def add(self, facts: Sequence[KnownFact]) -> None:
        """Record facts; unique by (kind, source, reference, revision)."""


class Sales(Protocol):
    """Booked documents of tills and the facts beside them."""

    async def add(self, records: Sequence[SaleRecord]) -> None:
        """Record documents with their lines and tenders."""

    async def get(self, sale_ids: Iterable[str]) -> dict[str, SaleRecord]:
        """Return documents in their newest revision."""

    async def void(self, sale_id: str, voided_by: str) -> None:
        """Mark a document as voided by another."""

    async def add_facts(self, records: Sequence[FactRecord]) -> None:
        """Record payments and refunds."""

    async def facts_of(self, sale_id: str) -> list[FactRecord]:
        """Return the facts beside a document."""


class SealedRaw(Protocol):
    """Raw bytes under a key per record, wrapped by the tenant's key (invariant 15)."""

    async def put(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Seal and keep bytes under a raw id; an id already there is left as it is, for ids are derived."""

    async def get(self, raw_id: str) -> bytes | None:
        """Return the bytes; None when they were erased or never kept."""

    async def erase(self, raw_id: str) -> None:
        """Drop the record's key: the bytes can never be read again."""
