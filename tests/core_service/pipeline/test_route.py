"""The first router: the nearest location that can ship everything, and the reason of every other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.order import OrderLine, OrderRequest
from core_service.domain.setup import Location, LocationKind
from core_service.pipeline.route import Candidate, NearestRouter
from tests.fakes.script_dialect import SHIP_TO

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ORDER = OrderRequest(
    order_id="ord_1",
    reference="1",
    source="api/x",
    lines=(OrderLine(number=1, sku="MUG", quantity=Decimal(2)),),
    ship_to=SHIP_TO,
    total=None,
    placed_at=NOW,
)


def place(name: str, latitude: str | None = None, longitude: str | None = None, country: str = "GB") -> Location:
    """Return a warehouse with a system."""
    return Location(
        location=name,
        name=name,
        kind=LocationKind.WAREHOUSE,
        country_code=country,
        latitude=Decimal(latitude) if latitude else None,
        longitude=Decimal(longitude) if longitude else None,
        wms_url="http://wms.example",
    )


def stocked(location: Location, quantity: str = "9", capacity: int | None = None) -> Candidate:
    """Return a candidate with mugs."""
    return Candidate(location=location, free={"MUG": Decimal(quantity)}, capacity_left=capacity)


LEEDS = place("leeds", "53.8008", "-1.5491")
LONDON = place("london", "51.5072", "-0.1276")
YORK = place("york", "53.9590", "-1.0815")


def test_the_nearest_to_the_store_ships_and_distances_are_great_circles():
    chosen = NearestRouter().choose(ORDER, LEEDS, [stocked(LONDON), stocked(YORK)], NOW)
    assert chosen.location == "york"
    costs = {option.location: option.cost for option in chosen.alternatives}
    assert 33 <= costs["york"] <= 37
    assert 268 <= costs["london"] <= 276


def test_without_coordinates_the_country_decides_then_the_name():
    home, abroad = stocked(place("z-home")), stocked(place("a-abroad", country="FR"))
    assert NearestRouter().choose(ORDER, None, [abroad, home], NOW).location == "z-home"
    assert NearestRouter().choose(ORDER, None, [home, stocked(place("b-home"))], NOW).location == "b-home"


def test_every_refusal_has_its_reason():
    candidates = [
        stocked(replace(LEEDS, closed=True)),
        stocked(replace(YORK, wms_url="")),
        stocked(LONDON, "1"),
        stocked(place("full"), capacity=0),
    ]
    routing = NearestRouter().choose(ORDER, LEEDS, candidates, NOW)
    assert routing.location == ""
    refusals = {option.location: option.refusal for option in routing.alternatives}
    assert "closed" in refusals["leeds"]
    assert "no warehouse system" in refusals["york"]
    assert refusals["london"] == "it has 1 of MUG to promise, 2 wanted"
    assert "capacity" in refusals["full"]
    assert "leeds" in routing.sentence


def test_nobody_to_ask_says_what_to_set_up():
    assert "wms_url" in NearestRouter().choose(ORDER, None, [], NOW).sentence


@given(
    stock=st.lists(st.tuples(st.integers(0, 4), st.sampled_from([None, 0, 1]), st.booleans()), max_size=6),
)
def test_whoever_is_chosen_can_ship_everything(stock: list[tuple[int, int | None, bool]]):
    candidates = [
        stocked(replace(place(f"wh-{number}"), closed=closed), str(quantity), capacity)
        for number, (quantity, capacity, closed) in enumerate(stock)
    ]
    routing = NearestRouter().choose(ORDER, None, candidates, NOW)
    able = [
        candidate.location.location
        for candidate in candidates
        if candidate.free["MUG"] >= 2 and candidate.capacity_left != 0 and not candidate.location.closed
    ]
    assert routing.location == (min(able) if able else "")
    assert len(routing.alternatives) == len(candidates)
