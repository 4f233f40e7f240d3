"""What the OMS is told, and what its resume tokens are worth; on the real store."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.failpoint import NoFailpoints
from core_service.downlink.feed import FeedOptions, FeedParts
from core_service.downlink.numbering import FeedSeams, Heads, Numbering
from core_service.downlink.oms_feed import OmsFeed, _parsed
from core_service.ports.work import OMS, Change, ChangeKind
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.eventually import deadline, eventually


class Told:
    """A shop, its numbering, and the OMS' feed."""

    def __init__(self, shop: Shop) -> None:
        heads = Heads()
        self.shop = shop
        self.numbering = Numbering(
            shop.core.feed, heads, FeedSeams(clock=shop.clock, telemetry=shop.telemetry), owner="this process"
        )
        self.feed = OmsFeed(
            FeedParts(
                core=shop.core, heads=heads, clock=shop.clock, failpoints=NoFailpoints(), options=FeedOptions(chunk=4)
            )
        )

    async def record(self, kind: ChangeKind, *subjects: str) -> None:
        async with self.shop.core.begin(TENANT) as uow:
            await uow.changes.record([Change(audience=OMS, kind=kind, subject=subject) for subject in subjects])
            await uow.commit()
        await self.numbering.round()


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    async with open_shop() as shop:
        yield Told(shop)


async def test_an_empty_token_begins_with_everything_of_the_kind(told: Told) -> None:
    await told.record(ChangeKind.ORDER, "o1", "o2")
    await told.record(ChangeKind.STOCK, "north/MUG")
    news = await told.feed.changes_since(TENANT, ChangeKind.ORDER, "")
    assert (news.subjects, news.restarted) == (("o1", "o2"), False)
    again = await told.feed.changes_since(TENANT, ChangeKind.ORDER, news.resume_token)
    assert again.subjects == ()
    await told.record(ChangeKind.ORDER, "o2", "o3")
    assert (await told.feed.changes_since(TENANT, ChangeKind.ORDER, news.resume_token)).subjects == ("o2", "o3")


async def test_a_watch_reads_on_through_changes_of_other_kinds(told: Told) -> None:
    await told.record(ChangeKind.STOCK, *(f"north/S{number}" for number in range(9)))
    await told.record(ChangeKind.ORDER, "o1")
    async with aclosing(told.feed.watch(TENANT, ChangeKind.ORDER, "")) as watch, deadline(5):
        subjects: list[str] = []
        while not subjects:
            subjects += (await anext(watch)).subjects
        assert subjects == ["o1"]
        waiting = asyncio.ensure_future(anext(watch))
        await eventually(lambda: any(not future.done() for _, _, future in told.shop.clock._sleepers))
        await told.record(ChangeKind.ORDER, "o2")
        assert (await waiting).subjects == ("o2",)


async def test_a_watch_answers_at_once_and_shows_signs_of_life(told: Told) -> None:
    async with aclosing(told.feed.watch(TENANT, ChangeKind.ORDER, "")) as watch:
        first = await anext(watch)
        assert first.subjects == ()
        waiting = asyncio.ensure_future(anext(watch))
        await eventually(lambda: any(not future.done() for _, _, future in told.shop.clock._sleepers))
        told.shop.clock.advance(10)
        async with deadline(5):
            sign = await waiting
    assert (sign.subjects, sign.resume_token) == ((), first.resume_token)


async def test_a_token_of_another_feed_restarts_and_says_so_once(told: Told) -> None:
    await told.record(ChangeKind.ORDER, "o1", "o2", "o3", "o4", "o5")
    foreign = base64.urlsafe_b64encode(b"1|feed-before-the-restore|order|900").decode().rstrip("=")
    async with aclosing(told.feed.watch(TENANT, ChangeKind.ORDER, foreign)) as watch, deadline(5):
        first, second = await anext(watch), await anext(watch)
    assert (first.subjects, first.restarted) == (("o1", "o2", "o3", "o4"), True)
    assert (second.subjects, second.restarted) == (("o5",), False)


async def test_a_token_of_the_other_watch_is_refused(told: Told) -> None:
    token = (await told.feed.changes_since(TENANT, ChangeKind.ORDER, "")).resume_token
    with pytest.raises(Permanent) as refused:
        await told.feed.changes_since(TENANT, ChangeKind.STOCK, token)
    assert (refused.value.reason, refused.value.path) == (Reason.RESUME_TOKEN_INVALID, "resume_token")


async def test_a_token_from_the_future_of_this_feed_is_refused(told: Told) -> None:
    await told.record(ChangeKind.ORDER, "o1")
    news = await told.feed.changes_since(TENANT, ChangeKind.ORDER, "")
    text = base64.urlsafe_b64decode(news.resume_token + "=" * (-len(news.resume_token) % 4)).decode()
    ahead = base64.urlsafe_b64encode((text[:-1] + "9").encode()).decode().rstrip("=")
    with pytest.raises(Permanent):
        await told.feed.changes_since(TENANT, ChangeKind.ORDER, ahead)


@given(st.text(max_size=300) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_text_that_is_no_token_is_refused_and_nothing_else_happens(text: str) -> None:
    refused: Permanent | None = None
    try:
        assert _parsed(text).token == text.rstrip("=")
    except Permanent as error:
        refused = error
    assert refused is None or refused.reason is Reason.RESUME_TOKEN_INVALID
