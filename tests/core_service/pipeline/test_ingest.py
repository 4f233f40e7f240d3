"""The story of a batch: verified, moved on, read, compared, booked and answered in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.canonical.entry import EntryKind, Outcome
from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from core_service.pipeline.continuity import DeclaredGap
from core_service.pipeline.ingest import ingest
from core_service.ports.ingest import StreamPosition
from tests.core_service.shop import TENANT, Shop, open_shop, settle
from tests.fakes.script_dialect import Line, script


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop("north", "south") as opened:
        yield opened


async def test_a_sale_books_even_below_zero(shop: Shop):
    [verdict] = await shop.send(shop.agent("north").journal(script("sale", "1", [Line("MUG", "2"), Line("CUP", "1")])))
    assert verdict.outcome is Outcome.BOOKED
    assert not verdict.reason
    position = await shop.position("north", "MUG")
    assert (position.on_hand, position.overdrawn) == (Decimal(-2), Decimal(2))
    await shop.sound()


async def test_a_return_and_an_exchange_put_goods_back_for_the_store_to_sell(shop: Shop):
    agent = shop.agent("north").journal(
        script("return", "1", [Line("MUG", "2")]), script("sale", "2", [Line("MUG", "-1"), Line("CUP", "1")])
    )
    await shop.send(agent)
    assert (await shop.position("north", "MUG")).store_rights == Decimal(3)
    assert (await shop.position("north", "CUP")).on_hand == Decimal(-1)
    await shop.sound()


async def test_a_repeat_gets_the_first_record_and_books_nothing(shop: Shop):
    sale = script("sale", "1", [Line("MUG", "2")])
    first, again = await shop.send(shop.agent("north").journal(sale, sale))
    [later] = await shop.send(shop.agent("north").journal(sale))
    assert (again.outcome, later.outcome) == (Outcome.REPEAT, Outcome.REPEAT)
    assert first.record_id == again.record_id == later.record_id
    assert again.reason == Reason.REPEAT
    assert (await shop.position("north", "MUG")).on_hand == Decimal(-2)


async def test_a_higher_revision_books_the_difference_and_a_lower_one_nothing(shop: Shop):
    agent = shop.agent("north").journal(
        script("sale", "1", [Line("MUG", "2"), Line("CUP", "1")], revision=2),
        script("sale", "1", [Line("MUG", "5")], revision=4),
        script("sale", "1", [Line("MUG", "9")], revision=3),
    )
    first, amended, older = await shop.send(agent)
    assert (first.outcome, amended.outcome, older.outcome) == (Outcome.BOOKED, Outcome.AMENDED, Outcome.NO_EFFECT)
    assert older.reason == Reason.OLDER_REVISION
    assert (await shop.position("north", "MUG")).on_hand == Decimal(-5)
    assert (await shop.position("north", "CUP")).on_hand == Decimal(0)
    await shop.sound()


async def test_the_same_revision_with_other_contents_is_parked(shop: Shop):
    agent = shop.agent("north").journal(
        script("sale", "1", [Line("MUG", "2")]), script("sale", "1", [Line("MUG", "3")])
    )
    _, conflict = await shop.send(agent)
    assert (conflict.outcome, conflict.reason) == (Outcome.PARKED, Reason.CONFLICTING_DUPLICATE)
    async with shop.core.read(TENANT) as uow:
        exception = await uow.exceptions.get(conflict.record_id)
        raw = await uow.raw.get(conflict.record_id)
    assert exception is not None
    assert exception.source == "store/north/1"
    assert raw == agent.entries[1].content.raw
    assert (await shop.position("north", "MUG")).on_hand == Decimal(-2)


async def test_a_void_reverses_what_is_in_effect_once(shop: Shop):
    agent = shop.agent("north").journal(
        script("sale", "1", [Line("MUG", "2")]),
        script("sale", "1", [Line("MUG", "3")], revision=1),
        script("void", "v1", about="1"),
        script("void", "v2", about="1"),
        script("sale", "1", [Line("MUG", "7")], revision=2),
    )
    verdicts = await shop.send(agent)
    assert [verdict.outcome for verdict in verdicts[2:]] == [Outcome.BOOKED, Outcome.NO_EFFECT, Outcome.NO_EFFECT]
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)
    await shop.sound()


async def test_a_void_of_nothing_is_parked(shop: Shop):
    [verdict] = await shop.send(shop.agent("north").journal(script("void", "v1", about="404")))
    assert verdict.reason == Reason.ORIGINAL_UNKNOWN


async def test_a_cancellation_by_the_source_itself_stops_what_it_overtook(shop: Shop):
    agent = shop.agent("north").journal(
        script("void", "o1", about="o1", revision=6),
        script("sale", "o1", [Line("MUG", "1")], revision=4),
        script("void", "o2", about="o2", revision=6),
    )
    verdicts = await shop.send(agent)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.NO_EFFECT] * 3
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (script("sale", "1", [Line("MUG", "1"), Line("NO-SUCH", "1")]), Reason.SKU_UNKNOWN),
        (script("sale", "1", [Line("MUG", "1")], currency="EUR"), Reason.CURRENCY_INVALID),
        (script("sale", "1", [Line("MUG", "1", ship=True)], no_address=True), Reason.ADDRESS_MISSING),
        (script("sale", "1", [Line("MUG", "1")], store="south"), Reason.STORE_MISMATCH),
        (script("sale", "1", crash=True), Reason.INTERNAL),
        (script("sale", "1", refuse="TOTALS_MISMATCH"), Reason.TOTALS_MISMATCH),
        (b"[", Reason.INTERNAL),
        (script("sale", "x" * 501, [Line("MUG", "1")]), Reason.TOO_LARGE),
        (script("sale", "a\0b", [Line("MUG", "1")]), Reason.TEXT_NOT_STORABLE),
        (script("sale", "\ud800", [Line("MUG", "1")]), Reason.TEXT_NOT_STORABLE),
        (script("sale", "1", [Line("\ud800", "1")]), Reason.TEXT_NOT_STORABLE),
        (script("void", "1", about="\ud800"), Reason.TEXT_NOT_STORABLE),
        (script("payment", "1", about="\ud800"), Reason.TEXT_NOT_STORABLE),
        (script("sale", "1", [Line("MUG", "1")], revision=2**70), Reason.NUMBER_OUT_OF_RANGE),
        (script("sale", "1", [Line("MUG", "0.0000001")]), Reason.QUANTITY_INVALID),
        (script("sale", "1", [Line("MUG", "1e9")]), Reason.QUANTITY_INVALID),
        (script("sale", "1", [Line("MUG", "NaN")]), Reason.QUANTITY_INVALID),
    ],
)
async def test_what_cannot_be_booked_is_parked_alone(shop: Shop, message: bytes, reason: Reason):
    good = [script("sale", str(number), [Line("CUP", "1")]) for number in (10, 11)]
    agent = shop.agent("north").journal(good[0]).journal(message, key=None).journal(good[1])
    before, bad, after = await shop.send(agent)
    assert (before.outcome, bad.outcome, after.outcome) == (Outcome.BOOKED, Outcome.PARKED, Outcome.BOOKED)
    assert bad.reason == reason
    assert bad.sentence
    assert (await shop.position("north", "CUP")).on_hand == Decimal(-2)
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)


async def test_an_unknown_till_dialect_or_newer_version_is_parked(shop: Shop):
    agent = shop.agent("north")
    sale = script("sale", "1", [Line("MUG", "1")])
    agent.journal(sale, till="9").journal(sale, dialect="esperanto").journal(sale, dialect_version="10")
    verdicts = await shop.send(agent)
    assert [verdict.reason for verdict in verdicts] == [
        Reason.TILL_UNKNOWN,
        Reason.DIALECT_UNKNOWN,
        Reason.DIALECT_UNKNOWN,
    ]


async def test_what_the_door_refused_becomes_an_exception_with_its_reason(shop: Shop):
    agent = shop.agent("north").journal(
        b"{", kind=EntryKind.REJECTED, reason="MALFORMED_JSON", sentence="It ends too early."
    )
    [verdict] = await shop.send(agent)
    assert verdict.reason == Reason.REJECTED_AT_DOOR
    assert "MALFORMED_JSON" in verdict.sentence
    assert "It ends too early." in verdict.sentence


async def test_talk_is_acknowledged_as_no_sale_and_a_payment_stands_beside_its_sale(shop: Shop):
    agent = shop.agent("north").journal(
        script("chat", "x"), script("payment", "p1", about="1"), script("sale", "1", [Line("MUG", "1")])
    )
    talk, payment, sale = await shop.send(agent)
    assert (talk.outcome, talk.reason) == (Outcome.NO_EFFECT, Reason.NOT_A_SALE)
    async with shop.core.read(TENANT) as uow:
        assert [fact.fact_id for fact in await uow.sales.facts_of(sale.record_id)] == [payment.record_id]


async def test_a_broken_chain_a_hole_and_a_lost_session_write_nothing(shop: Shop):
    agent = shop.agent("north").journal(
        script("sale", "1", [Line("MUG", "1")]), script("sale", "2", [Line("MUG", "1")])
    )
    batch = agent.batch()
    forged = replace(batch.entries[0], content=replace(batch.entries[0].content, raw=b"{}"))
    answers = await ingest(
        shop.pipeline,
        TENANT,
        [
            replace(batch, entries=(forged,)),
            replace(batch, entries=batch.entries[1:]),
            replace(batch, session=b"an older one"),
        ],
    )
    assert [answer.reason for answer in answers if isinstance(answer, Permanent)] == [
        Reason.CHAIN_BROKEN,
        Reason.SEQUENCE_UNEXPECTED,
        Reason.SESSION_SUPERSEDED,
    ]
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)


async def test_a_revoked_agent_is_told_so(shop: Shop):
    agent = shop.agent("north").journal(script("sale", "1", [Line("MUG", "1")]))
    async with shop.core.begin(TENANT) as uow:
        record = await uow.fleet.agent(agent.identity.agent)
        assert record is not None
        await uow.fleet.put_agent(replace(record, revoked_at=shop.clock.now()))
        await uow.commit()
    with pytest.raises(AuthenticationFailed, match="AGENT_REVOKED"):
        await shop.send(agent)


async def test_one_failing_batch_fails_alone(shop: Shop):
    north = shop.agent("north").journal(script("sale", "1", [Line("MUG", "1")]))
    south = shop.agent("south").journal(script("sale", "1", [Line("MUG", "1")]))
    refused, settled = await ingest(
        shop.pipeline, TENANT, [replace(north.batch(), session=b"an older one"), south.batch()]
    )
    assert isinstance(refused, Permanent)
    [verdict] = settle(south, settled)
    assert verdict.outcome is Outcome.BOOKED
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)


async def test_a_declared_gap_is_parked_and_stepped_over(shop: Shop):
    agent = shop.agent("north").journal(*(script("sale", str(number), [Line("MUG", "1")]) for number in range(4)))
    gap = DeclaredGap(first=1, last=2, chain=agent.chain_at(2), sentence="The disk was damaged.")
    [answer] = await ingest(shop.pipeline, TENANT, [replace(agent.batch(), entries=tuple(agent.entries[2:]), gap=gap)])
    assert len(settle(agent, answer)) == 2
    async with shop.core.read(TENANT) as uow:
        [exception] = await uow.exceptions.list(Reason.JOURNAL_GAP, None, None, 10)
        assert await uow.streams.position(agent.identity.agent, agent.epoch) == StreamPosition(
            watermark=4, chain=agent.chain_at(4)
        )
    assert "The disk was damaged." in exception.sentence


async def test_a_crash_before_the_commit_leaves_nothing_and_the_same_batch_commits_later(shop: Shop):
    async def crash() -> None:
        message = "power cut"
        raise RuntimeError(message)

    agent = shop.agent("north").journal(script("sale", "1", [Line("MUG", "1")]))
    shop.failpoints.arm("ingest.before_commit", crash)
    with pytest.raises(RuntimeError, match="power cut"):
        await shop.send(agent)
    assert (await shop.position("north", "MUG")).on_hand == Decimal(0)
    shop.failpoints.arm("ingest.before_commit", _pass)
    [verdict] = await shop.send(agent)
    assert verdict.outcome is Outcome.BOOKED


async def _pass() -> None:
    return


async def test_stored_verdicts_are_those_that_were_sent(shop: Shop):
    agent = shop.agent("north").journal(script("sale", "1", [Line("MUG", "1")]), script("chat", "x"), b"[")
    sent = await shop.send(agent)
    async with shop.core.read(TENANT) as uow:
        assert tuple(await uow.inbox.verdicts(agent.identity.agent, agent.epoch, 0, 3)) == sent
