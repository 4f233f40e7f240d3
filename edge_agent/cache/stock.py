"""What a store may say about its stock: the core's level as of (epoch, N) and own movements in, one answer without double counting out. PURE.

    on hand shown   = core's on hand      + own movements that the core's level does not include
    available shown = core's store rights + the same + rights taken over or given back since, never below zero

Whether a movement is included is told by places alone, never by time. An entry that a fork or a new box journalled again is included
when any place that it ever had is at or before the level's place in that epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from edge_agent.ports import CachedLevel, MovedEntry, Shown

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pending:
    """Own movements of one SKU that the core's level lacks: goods, and rights without goods."""

    goods: Decimal = ZERO
    rights: Decimal = ZERO

    def plus(self, moved: MovedEntry, level: CachedLevel, order: int | None) -> Pending:
        """Return this with an entry's movements of the level's SKU, unless the level includes them."""
        if includes(level, order, moved):
            return self
        goods, rights = self.goods, self.rights
        for move in moved.movements:
            if move.sku != level.sku:
                continue
            if move.rights_only:
                rights += move.quantity
            else:
                goods += move.quantity
        return Pending(goods, rights)


def includes(level: CachedLevel, order: int | None, moved: MovedEntry) -> bool:
    """Whether the core's level contains an entry. `order` counts the level's epoch among the journal's own, None when it is not one."""
    if any(place.epoch == level.epoch and place.sequence <= level.sequence for place in (moved.id, *moved.former)):
        return True
    # A later epoch opens only after the older one's unsettled entries were moved into it: what stayed behind is settled, and included.
    return order is not None and moved.epoch_order < order


def pending(level: CachedLevel, order: int | None, entries: Iterable[MovedEntry]) -> Pending:
    """Add up what the core's level lacks."""
    total = Pending()
    for moved in entries:
        total = total.plus(moved, level, order)
    return total


@dataclass(frozen=True, slots=True)
class Told:
    """When the core was last heard (seconds ago), and whether its first word was ever complete."""

    age_seconds: float
    complete: bool


def shown(level: CachedLevel, name: str, since: Pending, told: Told) -> Shown:
    """Return the answer for a till."""
    return Shown(
        sku=level.sku,
        name=name,
        on_hand=level.on_hand + since.goods,
        available=max(ZERO, level.store_rights + since.goods + since.rights),
        age_seconds=told.age_seconds,
        complete=told.complete,
    )
