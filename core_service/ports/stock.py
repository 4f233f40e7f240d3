"""What booking needs of a store: positions, the ledger of movements, and rights on their way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeAlias

from adapters.canonical.rights import Position
from adapters.canonical.stock import Movement

LocationSku: TypeAlias = tuple[str, str]
"""(location, sku)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A position as listed: where, what, since when."""

    location: str
    sku: str
    position: Position
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Where the ledger and the derived level disagree."""

    location: str
    sku: str
    ledger: Decimal
    level: Decimal
    sentence: str


class Stock(Protocol):
    """The append-only ledger and the levels derived in the same transaction."""

    async def positions(self, pairs: Iterable[LocationSku]) -> dict[LocationSku, Position]:
        """Return positions, locked until the end of the unit of work where the engine locks rows; a pair never booked is Position()."""

    async def book(
        self, movements: Sequence[Movement], positions: Mapping[LocationSku, Position], at: datetime
    ) -> None:
        """Append movements and store the positions they lead to (and positions changed by rights alone), sorted by key."""

    async def movements_of(self, cause: str) -> list[Movement]:
        """Return the movements of a cause, by line and ordinal."""

    async def levels(
        self, locations: Sequence[str], skus: Sequence[str], after: LocationSku | None, limit: int
    ) -> list[Level]:
        """Return levels by (location, sku), after a pair; empty filters mean all."""

    async def verify(self) -> list[Discrepancy]:
        """Compare every level with the sum of its movements, and every position with its rights."""


class TransferState(StrEnum):
    """Where rights on their way stand."""

    IN_FLIGHT = "in_flight"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsTransfer:
    """Rights moving between core and store. `to_store` False is a return, recorded already settled."""

    transfer_id: str
    store: str
    sku: str
    quantity: Decimal
    to_store: bool
    state: TransferState
    created_at: datetime


class RightsTransfers(Protocol):
    """Transfers by id; idempotent, never expiring."""

    async def add(self, transfers: Sequence[RightsTransfer]) -> None:
        """Record transfers."""

    async def get(self, transfer_id: str) -> RightsTransfer | None:
        """Return a transfer."""

    async def settle(self, transfer_id: str) -> bool:
        """Mark one in flight as settled; False when it was already."""

    async def of_store(self, store: str, ids: Sequence[str]) -> list[RightsTransfer]:
        """Return transfers of a store by id."""
