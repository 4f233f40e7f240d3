"""How changes are cut into messages: the arithmetic, held against what protobuf really takes."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.downlink import Change, GrantNews, LevelNews, News, OrderNews, SkuNews, TillNews
from core_service.downlink.size import cut, weight
from core_service.grpc_api.downlink_wire import to_watch_response

WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
UNITS = st.decimals(min_value=-(10**12), max_value=10**12, places=6)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(
        LevelNews,
        sku=WORDS,
        on_hand=UNITS,
        store_rights=UNITS,
        core_rights=UNITS,
        reserved=UNITS,
        epoch=st.just(b"e" * 16),
        sequence=st.integers(0, 2**62),
    ),
    st.builds(GrantNews, transfer_id=WORDS, sku=WORDS, quantity=UNITS, settled=st.booleans()),
    st.builds(
        OrderNews,
        order_id=WORDS,
        status=st.just("AWAITING_STOCK"),
        receipt_id=WORDS,
        updated_at=st.just(MOMENT),
        location=WORDS,
        tracking_number=WORDS,
        sentence=WORDS,
    ),
    st.builds(
        TillNews,
        till=WORDS,
        dialect=WORDS,
        api_key_hashes=st.lists(st.just(b"k" * 32), max_size=3).map(tuple),
        webhook_secret=WORDS,
        webhook_url=WORDS,
        retired=st.booleans(),
        currency=st.just("EUR"),
        time_zone=st.just("America/Argentina/ComodRivadavia"),
        closing_time=st.just(time(23, 59)),
    ),
    st.builds(
        SkuNews,
        sku=WORDS,
        name=WORDS,
        gtins=st.lists(WORDS, max_size=5).map(tuple),
        aliases=st.lists(WORDS, max_size=5).map(tuple),
        retired=st.booleans(),
    ),
)


@given(st.lists(CHANGES, max_size=20), st.integers(1, 3000))
def test_runs_keep_every_change_in_order_and_stay_within_the_weight(changes: list[Change], most: int) -> None:
    runs = cut(changes, most)
    assert [change for run in runs for change in run] == changes
    assert all(len(run) == 1 or sum(map(weight, run)) <= most for run in runs if run)
    assert all(runs) or runs == [()]


@given(CHANGES)
def test_a_change_never_takes_more_on_the_wire_than_four_bytes_a_character_of_its_weight(change: Change) -> None:
    news = News(feed_id="", revision=2**62, snapshot_begins=False, complete=True, sent_at=MOMENT, changes=(change,))
    assert to_watch_response(news).ByteSize() <= 4 * weight(change)


def test_an_order_of_many_words_weighs_what_they_weigh() -> None:
    order = OrderNews(
        order_id="o",
        status="ROUTED",
        receipt_id="",
        updated_at=MOMENT,
        location="",
        tracking_number="",
        sentence="x" * 5000,
    )
    assert weight(order) > 5000
    assert weight(GrantNews(transfer_id="t", sku="s", quantity=Decimal(1), settled=False)) < 500
