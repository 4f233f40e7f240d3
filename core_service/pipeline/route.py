"""Which location ships an order: the order and the candidates in, the choice with every alternative's cost and refusal out; pure.

`Router` is the interface that an optimiser fills; `NearestRouter` is the first one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from adapters.canonical.order import OrderLine, OrderRequest
from adapters.canonical.quantity import show
from core_service.domain.setup import Location

EARTH_RADIUS_KM = 6371
SAME_COUNTRY_KM = 500
ABROAD_KM = 5000
"""Costs where no coordinates are known: any place in the country before any place abroad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A location as the router sees it. `free` is what the core may promise there by SKU; `capacity_left` None means no limit."""

    location: Location
    free: Mapping[str, Decimal]
    capacity_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One candidate judged: `cost` in kilometres, `refusal` why it cannot ship the order, empty when it could."""

    location: str
    cost: int
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """`location` is empty when nobody can ship; `alternatives` are all candidates, the best first."""

    location: str
    sentence: str
    alternatives: tuple[Alternative, ...] = field(default=())

    def details(self) -> dict[str, str]:
        """Return the alternatives for lineage, by location."""
        return {
            option.location: f"{option.cost} km" + (f": {option.refusal}" if option.refusal else "")
            for option in self.alternatives
        }


class Router(Protocol):
    """Chooses where an order ships from."""

    def choose(
        self, order: OrderRequest, origin: Location | None, candidates: Sequence[Candidate], now: datetime
    ) -> Routing:
        """Return the choice; `origin` is the store that sold it, where distances begin when it is known."""


class NearestRouter:
    """The nearest open location with a warehouse system, stock for all lines and capacity left; ties by id."""

    def choose(
        self, order: OrderRequest, origin: Location | None, candidates: Sequence[Candidate], now: datetime
    ) -> Routing:
        """Return the nearest location that refuses nothing."""
        judged = sorted(
            (
                Alternative(
                    location=candidate.location.location,
                    cost=_cost(order, origin, candidate.location),
                    refusal=_refusal(order.lines, candidate),
                )
                for candidate in candidates
            ),
            key=lambda option: (option.cost, option.location),
        )
        for option in judged:
            if not option.refusal:
                sentence = f"Ships from {option.location}: the nearest of {len(judged)} with stock for all lines."
                return Routing(location=option.location, sentence=sentence, alternatives=tuple(judged))
        return Routing(location="", sentence=_nobody(judged), alternatives=tuple(judged))


def wanted(lines: Sequence[OrderLine]) -> dict[str, Decimal]:
    """Return how much of each SKU is wanted, in the order of the lines."""
    total: dict[str, Decimal] = {}
    for line in lines:
        total[line.sku] = total.get(line.sku, Decimal(0)) + line.quantity
    return total


def _refusal(lines: Sequence[OrderLine], candidate: Candidate) -> str:
    if candidate.location.closed:
        return "it is closed"
    if not candidate.location.wms_url:
        return "it has no warehouse system"
    if candidate.capacity_left is not None and candidate.capacity_left <= 0:
        return "its capacity of a day is used up"
    for sku, quantity in wanted(lines).items():
        free = candidate.free.get(sku, Decimal(0))
        if free < quantity:
            return f"it has {show(free)} of {sku} to promise, {show(quantity)} wanted"
    return ""


def _nobody(judged: Sequence[Alternative]) -> str:
    if not judged:
        return "No location has a warehouse system; give one a `wms_url`, then the order is routed."
    nearest = judged[0]
    return f"Waits for stock: of {len(judged)} locations none can ship it; the nearest, {nearest.location}: {nearest.refusal}."


def _cost(order: OrderRequest, origin: Location | None, place: Location) -> int:
    if origin is not None and origin.location == place.location:
        return 0
    between = _distance(origin, place) if origin is not None else None
    if between is not None:
        return between
    return SAME_COUNTRY_KM if place.country_code == order.ship_to.country_code else ABROAD_KM


def _distance(one: Location, other: Location) -> int | None:
    """Return whole kilometres along the great circle (haversine formula), None without coordinates."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude) - math.radians(one.longitude)
    chord = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord))))
