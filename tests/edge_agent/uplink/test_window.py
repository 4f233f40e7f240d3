"""What may be sent, and what the core's position asks for: the arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.uplink import Credit, Opened
from edge_agent.ports import JournalHead
from edge_agent.uplink.window import MOST_BATCHES, Action, Pace, Sent, Window, after_opened

CREDIT = Credit(entries=10, bytes=1000)
PACE = Pace(entries=8, bytes=800)
SIZES = st.lists(st.integers(min_value=0, max_value=1500), max_size=30)
CREDITS = st.builds(Credit, entries=st.integers(0, 50), bytes=st.integers(0, 3000))


def window(**more: object) -> Window:
    return replace(Window(credit=CREDIT, sent_through=0, settled_through=0), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("watermark", "own_chain", "action"),
    [
        (5, b"core", Action.GO_ON),
        (7, b"core", Action.AWAIT_VERDICTS),
        (3, b"core", Action.REWIND),
        (0, b"core", Action.REWIND),
        (10, None, Action.FORK),
        (11, b"core", Action.FORK),
        (5, b"other", Action.FORK),
        (7, b"other", Action.FORK),
        (3, b"other", Action.FORK),
        (3, None, Action.FORK),
    ],
)
def test_the_cores_position_decides_what_the_agent_does(
    watermark: int, own_chain: bytes | None, action: Action
) -> None:
    """Settled through 5, journalled through 9."""
    head = JournalHead(epoch=b"e" * 16, next_sequence=10, settled_sequence=5, settled_chain=b"core")
    opened = Opened(watermark=watermark, chain=b"core", credit=CREDIT, session_id="s")
    assert after_opened(head, opened, own_chain) is action


@pytest.mark.parametrize(
    ("watermark", "own_chain", "action"),
    [(2, None, Action.REWIND), (3, None, Action.REWIND), (4, b"core", Action.REWIND), (4, b"other", Action.FORK)],
)
def test_below_what_retention_deleted_the_core_was_restored_for_no_hash_is_left_to_compare(
    watermark: int, own_chain: bytes | None, action: Action
) -> None:
    """Deleted through 4, settled through 5, journalled through 9."""
    head = JournalHead(epoch=b"e" * 16, next_sequence=10, settled_sequence=5, settled_chain=b"core", retired_sequence=4)
    opened = Opened(watermark=watermark, chain=b"core", credit=CREDIT, session_id="s")
    assert after_opened(head, opened, own_chain) is action


def test_with_nothing_in_flight_something_may_always_be_sent() -> None:
    broke = window(credit=Credit(entries=0, bytes=0))
    assert broke.covers([10**9, 1], PACE) == 1


def test_an_entry_larger_than_what_is_left_waits_for_a_settlement() -> None:
    flying = window().sent(Sent(1, 1, 700))
    assert flying.covers([301], PACE) == 0
    assert flying.covers([300, 1], PACE) == 1
    assert flying.settled(1, CREDIT).covers([301], PACE) == 1


def test_a_batch_is_in_flight_until_all_of_it_is_settled() -> None:
    flying = window().sent(Sent(4, 4, 40)).sent(Sent(6, 2, 20))
    assert flying.settled(3, CREDIT).entries_in_flight == 6
    assert flying.settled(4, CREDIT).entries_in_flight == 2
    assert flying.settling(6) == (Sent(4, 4, 40), Sent(6, 2, 20))


def test_shrunk_credit_stops_sending_until_enough_is_settled() -> None:
    flying = window().sent(Sent(8, 8, 80)).settled(0, Credit(entries=5, bytes=1000))
    assert flying.allowance(PACE) is None
    assert flying.settled(8, Credit(entries=5, bytes=1000)).allowance(PACE) is not None


def test_only_so_many_batches_are_in_flight() -> None:
    flying = window(credit=Credit(entries=100, bytes=1000))
    for number in range(1, MOST_BATCHES + 1):
        assert flying.covers([1], PACE) == 1
        flying = flying.sent(Sent(number, 1, 1))
    assert flying.covers([1], PACE) == 0


@given(sizes=SIZES, granted=st.lists(CREDITS, min_size=1, max_size=5))
def test_what_is_in_flight_never_exceeds_the_credit_but_for_one_entry_alone(
    sizes: list[int], granted: list[Credit]
) -> None:
    """Send all that may be sent, settle the oldest batch with the next credit, and so on until everything has gone."""
    now, sent, rounds = window(credit=granted[0]), 0, 0
    while sent < len(sizes):
        while count := now.covers(sizes[sent:], PACE):
            before = now
            now = now.sent(Sent(sent + count, count, sum(sizes[sent : sent + count])))
            sent += count
            alone = count == 1 and not before.in_flight
            assert alone or now.entries_in_flight <= now.credit.entries
            assert alone or now.bytes_in_flight <= now.credit.bytes
            assert alone or count <= PACE.entries
        if sent < len(sizes):
            assert now.in_flight, "nothing may be sent although nothing is in flight"
            rounds += 1
            now = now.settled(now.in_flight[0].through, granted[rounds % len(granted)])
    assert now.sent_through == len(sizes)


@given(st.lists(st.booleans(), max_size=40))
def test_the_pace_stays_within_its_bounds_and_comes_back(steps: list[bool]) -> None:
    pace = Pace()
    for grows in steps:
        pace = pace.grown() if grows else pace.shrunk()
        assert pace.least_entries <= pace.entries <= pace.most_entries
        assert pace.least_bytes <= pace.bytes <= pace.most_bytes
    for _ in range(10):
        pace = pace.grown()
    assert (pace.entries, pace.bytes) == (pace.most_entries, pace.most_bytes)


def test_only_a_batch_that_fills_the_pace_makes_it_grow() -> None:
    assert not PACE.filled_by(1, 10)
    assert PACE.filled_by(4, 10)
    assert PACE.filled_by(1, 400)
