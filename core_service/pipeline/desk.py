"""What one transaction knows and has decided so far: facts loaded from the store in, each decision merged out; pure, in memory.

    Desk (what is known)  <--- Draft (one entry's effects, seen on top of the desk) --- apply, or dropped whole when the entry is parked

Decisions see what earlier entries of the same transaction did, so that any split into batches ends the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from adapters.canonical.rights import ZERO, Position, uncovered
from adapters.canonical.stock import Movement
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ParkedException
from core_service.domain.order import LineageStep, Order, OrderStatus, Reservation
from core_service.domain.setup import Location, LocationKind, Sku, Store, Till
from core_service.domain.work import NewWork
from core_service.ports.ingest import FactRecord, KnownFact, SaleRecord
from core_service.ports.stock import LocationSku, RightsTransfer

MOST_UNITS = Decimal(10) ** 12
"""Units of one SKU at one place; in micro-units they and their parts still fit 64 bits."""

FactName: TypeAlias = tuple[str, str, str]
"""(kind, source, reference)"""


@dataclass(frozen=True, slots=True)
class CloseReservations:
    """The open reservations of an order end."""

    order_id: str


@dataclass(slots=True)
class Effects:
    """Decided and not yet written, each list in the order of decision. `saved` holds every version of a changed order."""

    movements: list[Movement] = field(default_factory=list)
    positions: dict[LocationSku, Position] = field(default_factory=dict)
    sales: list[SaleRecord] = field(default_factory=list)
    voided: list[tuple[str, str]] = field(default_factory=list)
    facts: list[FactRecord] = field(default_factory=list)
    keys: list[KnownFact] = field(default_factory=list)
    placed: list[Order] = field(default_factory=list)
    saved: list[Order] = field(default_factory=list)
    reservations: list[Reservation | CloseReservations] = field(default_factory=list)
    transfers: list[RightsTransfer] = field(default_factory=list)
    settled: list[RightsTransfer] = field(default_factory=list)
    exceptions: list[ParkedException] = field(default_factory=list)
    lineage: list[LineageStep] = field(default_factory=list)
    work: list[NewWork] = field(default_factory=list)

    def extend(self, other: Effects) -> None:
        """Append what another decision does."""
        self.positions.update(other.positions)
        self.movements += other.movements
        self.sales += other.sales
        self.voided += other.voided
        self.facts += other.facts
        self.keys += other.keys
        self.placed += other.placed
        self.saved += other.saved
        self.reservations += other.reservations
        self.transfers += other.transfers
        self.settled += other.settled
        self.exceptions += other.exceptions
        self.lineage += other.lineage
        self.work += other.work


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The core's own words about stores, tills, SKUs (by every name asked for) and routable locations."""

    stores: Mapping[str, Store] = field(default_factory=dict)
    tills: Mapping[tuple[str, str], Till] = field(default_factory=dict)
    skus: Mapping[str, Sku] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict)

    def is_store(self, location: str) -> bool:
        """Whether a location is a shop, whose agent is told about it."""
        found = self.locations.get(location)
        return location in self.stores or (found is not None and found.kind is LocationKind.STORE)


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything one transaction looks at. What was not loaded raises KeyError: a level must never start from a guess."""

    tenant: str
    now: datetime
    settings: Settings = field(default_factory=Settings)
    facts: dict[FactName, list[KnownFact]] = field(default_factory=dict)
    sales: dict[str, SaleRecord] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    reservations: dict[str, list[Reservation]] = field(default_factory=dict)
    positions: dict[LocationSku, Position] = field(default_factory=dict)
    transfers: dict[str, RightsTransfer] = field(default_factory=dict)
    routed: dict[str, int] = field(default_factory=dict)
    decided: Effects = field(default_factory=Effects)
    before: dict[LocationSku, Position] = field(default_factory=dict)
    uncovered_peak: dict[LocationSku, Decimal] = field(default_factory=dict)

    def apply(self, effects: Effects) -> None:
        """Take a decision over: later entries see it, and it will be written."""
        for pair, position in effects.positions.items():
            self._move(pair, position)
        for known in effects.keys:
            facts = self.facts.setdefault(known.key.name, [])
            facts.append(known)
            facts.sort(key=lambda fact: -fact.key.revision)
        for record in effects.sales:
            self.sales[record.sale_id] = record
        for sale_id, voided_by in effects.voided:
            self.sales[sale_id] = replace(self.sales[sale_id], voided_by=voided_by)
        for order in (*effects.placed, *effects.saved):
            self._take(order)
        for change in effects.reservations:
            self._reserve(change)
        for transfer in (*effects.transfers, *effects.settled):
            self.transfers[transfer.transfer_id] = transfer
        self.decided.extend(effects)

    def rising(self) -> list[str]:
        """Return the SKUs of which the core may promise more than before, sorted."""
        risen = {
            sku for (place, sku), was in self.before.items() if self.positions[place, sku].core_rights > was.core_rights
        }
        return sorted(risen)

    def uncovered(self) -> list[tuple[LocationSku, Decimal]]:
        """Return where promises lost their goods in this transaction, and how many units at worst, sorted."""
        return sorted(self.uncovered_peak.items())

    def _move(self, pair: LocationSku, position: Position) -> None:
        was = self.positions[pair]
        self.before.setdefault(pair, was)
        lost = uncovered(position)
        if lost > uncovered(was):
            self.uncovered_peak[pair] = max(lost, self.uncovered_peak.get(pair, ZERO))
        self.positions[pair] = position

    def _take(self, order: Order) -> None:
        was = self.orders.get(order.order_id)
        if order.status is OrderStatus.ROUTED and (was is None or was.location != order.location):
            self.routed[order.location] = self.routed.get(order.location, 0) + 1
        self.orders[order.order_id] = order

    def _reserve(self, change: Reservation | CloseReservations) -> None:
        rows = self.reservations.setdefault(change.order_id, [])
        if isinstance(change, CloseReservations):
            rows[:] = [replace(row, open=False) for row in rows]
            return
        rows.append(change)


@dataclass(slots=True)
class Draft:
    """One decision in the making, seen on top of the desk; it touches nothing until the desk applies `effects`."""

    desk: Desk
    effects: Effects = field(default_factory=Effects)

    def position(self, pair: LocationSku) -> Position:
        """Return a position as this decision left it."""
        found = self.effects.positions.get(pair)
        return self.desk.positions[pair] if found is None else found

    def put(self, pair: LocationSku, position: Position) -> None:
        """Set a position; raise Permanent(QUANTITY_INVALID) beyond what every engine adds up exactly."""
        if abs(position.on_hand) > MOST_UNITS:
            sentence = (
                f"{pair[1]} at {pair[0]} would stand at {position.on_hand}, beyond {MOST_UNITS}; correct the quantity."
            )
            raise Permanent(Reason.QUANTITY_INVALID, sentence)
        self.effects.positions[pair] = position

    def tell(self, record_id: str, stage: str, sentence: str, details: Mapping[str, str] | None = None) -> None:
        """Add a lineage step."""
        told = dict(details or {})
        self.effects.lineage.append(
            LineageStep(record_id=record_id, at=self.desk.now, stage=stage, sentence=sentence, details=told)
        )
