"""No sale is counted twice or forgotten, whatever place the core's level names."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.entry import EntryId
from edge_agent.cache.stock import Told, includes, pending, shown
from edge_agent.ports import MovedEntry, OwnMovement
from tests.contracts.cache import level

EPOCHS = (b"a" * 16, b"b" * 16, b"c" * 16)
QUANTITIES = st.lists(st.integers(-5, 5).filter(bool), max_size=12)
TOLD = Told(1.0, complete=True)


def moved(order: int, sequence: int, quantity: int, *former: EntryId) -> MovedEntry:
    movements = (OwnMovement(sku="A", quantity=Decimal(quantity)), OwnMovement(sku="B", quantity=Decimal(7)))
    place = EntryId(epoch=EPOCHS[order - 1], sequence=sequence)
    return MovedEntry(epoch_order=order, id=place, former=former, movements=movements)


@given(QUANTITIES, st.data())
def test_the_level_shown_is_the_same_wherever_the_core_stands(quantities: list[int], data: st.DataObject) -> None:
    """Start + all movements = the core's level as of N + own movements after N, for every N."""
    at = data.draw(st.integers(0, len(quantities)))
    entries = [moved(1, sequence, quantity) for sequence, quantity in enumerate(quantities, start=1)]
    told = level("A", 100 + sum(quantities[:at]), epoch=EPOCHS[0], sequence=at)
    answer = shown(told, "", pending(told, 1, entries), TOLD)
    assert answer.on_hand == 100 + sum(quantities)


@given(QUANTITIES, st.data())
def test_a_fork_changes_no_answer(quantities: list[int], data: st.DataObject) -> None:
    """Unsettled entries in a new epoch count once: by the old place where the core knows it, by the new one later."""
    settled = data.draw(st.integers(0, len(quantities)))
    booked = data.draw(st.integers(settled, len(quantities)))
    stayed = [moved(1, n, quantity) for n, quantity in enumerate(quantities[:settled], start=1)]
    again = [
        moved(2, n, quantity, EntryId(epoch=EPOCHS[0], sequence=settled + n))
        for n, quantity in enumerate(quantities[settled:], start=1)
    ]
    by_old_place = level("A", 100 + sum(quantities[:booked]), epoch=EPOCHS[0], sequence=booked)
    by_new_place = level("A", 100 + sum(quantities[:booked]), epoch=EPOCHS[1], sequence=booked - settled)
    for told, order in ((by_old_place, 1), (by_new_place, 2)):
        assert shown(told, "", pending(told, order, stayed + again), TOLD).on_hand == 100 + sum(quantities)


def test_sales_imported_from_a_dead_box_count_by_its_places() -> None:
    """The core's level may still name the old box's journal: what it includes is not counted again."""
    foreign = b"x" * 16
    entries = [moved(1, n, -1, EntryId(epoch=foreign, sequence=10 + n)) for n in (1, 2, 3)]
    told = level("A", 50, epoch=foreign, sequence=12)
    assert shown(told, "", pending(told, None, entries), TOLD).on_hand == 49


def test_a_core_that_knows_no_entry_of_this_store_includes_none() -> None:
    assert not includes(level("A", 1), None, moved(1, 1, -1))


def test_rights_without_goods_change_what_may_be_promised_only() -> None:
    """A grant taken over raises, rights given back lower what is available; on hand stays."""
    told = level("A", 10, epoch=EPOCHS[0], sequence=1, store_rights=4)
    taken = MovedEntry(
        epoch_order=1,
        id=EntryId(epoch=EPOCHS[0], sequence=2),
        former=(),
        movements=(OwnMovement(sku="A", quantity=Decimal(3), rights_only=True),),
    )
    answer = shown(told, "", pending(told, 1, [taken, moved(1, 3, -2)]), TOLD)
    assert (answer.on_hand, answer.available) == (Decimal(8), Decimal(5))
