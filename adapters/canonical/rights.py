"""Rights to promise stock: a position and an event in, the next position out; promises never exceed rights (invariant 10).

    on hand = store rights + core rights + reserved + in flight        (+ shortfall, when sales went below what was there)

Goods in a customer's hand always book. They use the store's rights first, then cut unpromised core rights, then the cover of reservations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

ZERO = Decimal(0)


class InsufficientRights(Exception):  # noqa: N818 - the domain's word
    """A promise was asked that the side's rights do not cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Stock of one SKU at one location. All units exact decimals; only `on_hand` may be below zero.

    `overdrawn` is what sales and counts took beyond all rights: reservations lost that much cover, or stock fell below zero.
    """

    on_hand: Decimal = ZERO
    store_rights: Decimal = ZERO
    core_rights: Decimal = ZERO
    reserved: Decimal = ZERO
    in_flight: Decimal = ZERO
    overdrawn: Decimal = ZERO

    def balanced(self) -> bool:
        """Whether rights, promises, what is in flight and the shortfall add up to what is on hand."""
        return self.on_hand == self.store_rights + self.core_rights + self.reserved + self.in_flight - self.overdrawn


def receive(position: Position, quantity: Decimal) -> Position:
    """Goods arrive: they first make good what was overdrawn, the rest becomes the core's to promise or to grant."""
    made_good = min(position.overdrawn, quantity)
    return replace(
        position,
        on_hand=position.on_hand + quantity,
        overdrawn=position.overdrawn - made_good,
        core_rights=position.core_rights + quantity - made_good,
    )


def take_back(position: Position, quantity: Decimal) -> Position:
    """A customer brings goods back to a store: as `receive`, but the store may sell them again at once."""
    made_good = min(position.overdrawn, quantity)
    return replace(
        position,
        on_hand=position.on_hand + quantity,
        overdrawn=position.overdrawn - made_good,
        store_rights=position.store_rights + quantity - made_good,
    )


def take(position: Position, quantity: Decimal) -> Position:
    """Goods are gone (sold over the counter, or missing in a count): always books."""
    from_store = min(position.store_rights, quantity)
    from_core = min(position.core_rights, quantity - from_store)
    return replace(
        position,
        on_hand=position.on_hand - quantity,
        store_rights=position.store_rights - from_store,
        core_rights=position.core_rights - from_core,
        overdrawn=position.overdrawn + quantity - from_store - from_core,
    )


def withdraw(position: Position, quantity: Decimal) -> Position:
    """The core moves goods that it may promise (a transfer out); raise InsufficientRights beyond its rights."""
    _covered(position.core_rights, quantity)
    return replace(position, on_hand=position.on_hand - quantity, core_rights=position.core_rights - quantity)


def reserve(position: Position, quantity: Decimal) -> Position:
    """The core promises units; raise InsufficientRights beyond its rights."""
    _covered(position.core_rights, quantity)
    return replace(position, core_rights=position.core_rights - quantity, reserved=position.reserved + quantity)


def release(position: Position, quantity: Decimal) -> Position:
    """A promise ends without goods leaving; the units make good what was overdrawn, the rest is the core's again."""
    _covered(position.reserved, quantity)
    made_good = min(position.overdrawn, quantity)
    return replace(
        position,
        reserved=position.reserved - quantity,
        overdrawn=position.overdrawn - made_good,
        core_rights=position.core_rights + quantity - made_good,
    )


def ship(position: Position, quantity: Decimal) -> Position:
    """Promised goods leave; raise InsufficientRights when fewer are promised."""
    _covered(position.reserved, quantity)
    return replace(position, on_hand=position.on_hand - quantity, reserved=position.reserved - quantity)


def debit_grant(position: Position, quantity: Decimal) -> Position:
    """The core gives rights away; until the store has taken them they are nobody's. Raise InsufficientRights beyond them."""
    _covered(position.core_rights, quantity)
    return replace(position, core_rights=position.core_rights - quantity, in_flight=position.in_flight + quantity)


def credit_grant(position: Position, quantity: Decimal) -> Position:
    """The store has taken a grant over; what was overdrawn in the meantime is made good first."""
    _covered(position.in_flight, quantity)
    made_good = min(position.overdrawn, quantity)
    return replace(
        position,
        in_flight=position.in_flight - quantity,
        overdrawn=position.overdrawn - made_good,
        store_rights=position.store_rights + quantity - made_good,
    )


def credit_return(position: Position, quantity: Decimal) -> tuple[Position, Decimal]:
    """The store gave rights back; return the position and how many of them the core could credit.

    Sales that the store made since may have used them up, so no more is moved than the store's rights hold.
    """
    moved = min(position.store_rights, quantity)
    return (
        replace(position, store_rights=position.store_rights - moved, core_rights=position.core_rights + moved),
        moved,
    )


def uncovered(position: Position) -> Decimal:
    """Return how many promised units have no goods behind them (`RIGHTS_OVERDRAWN` names their orders)."""
    return min(position.reserved, max(ZERO, position.reserved - max(ZERO, position.on_hand - position.in_flight)))


def _covered(have: Decimal, quantity: Decimal) -> None:
    if quantity > have:
        message = f"{quantity} asked, {have} to give"
        raise InsufficientRights(message)
