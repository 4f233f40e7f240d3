"""For any sequence of documents, in any split into batches, with replays: each fact applied once, levels the sums of their movements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.canonical.entry import EntryKind, Outcome, Verdict
from core_service.domain.exception import ExceptionStatus
from tests.core_service.shop import SKUS, TENANT, Shop, open_shop
from tests.fakes.script_dialect import Line, script

REFERENCES = ("1", "2", "3")

lines = st.lists(
    st.builds(
        Line,
        item=st.sampled_from([*SKUS, "VASE"]),
        quantity=st.sampled_from(["1", "2", "0.5", "-1"]),
        ship=st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=3,
)
documents = st.one_of(
    st.builds(
        lambda kind, reference, goods, revision: script(kind, reference, goods, revision=revision),
        st.sampled_from(["sale", "sale", "return"]),
        st.sampled_from(REFERENCES),
        lines,
        st.integers(min_value=0, max_value=3),
    ),
    st.builds(
        lambda reference, about: script("void", reference, about=about),
        st.sampled_from(["v1", "v2"]),
        st.sampled_from(REFERENCES),
    ),
    st.builds(lambda about: script("payment", f"p{about}", about=about), st.sampled_from(REFERENCES)),
    st.sampled_from([script("chat", "x"), b"["]),
)


@dataclass(frozen=True)
class End:
    """What a run left behind."""

    positions: dict[tuple[str, str], Any]
    verdicts: tuple[Verdict, ...]
    orders: tuple[tuple[str, str, str], ...]
    exceptions: tuple[tuple[str, str], ...]


async def run(messages: Sequence[bytes], cuts: Sequence[int]) -> End:
    """Send the messages in the batches that the cuts make, and return what is left."""
    async with open_shop() as shop:
        for sku in SKUS:
            await shop.receive("wh-east", sku, "3")
        agent = shop.agent("north").journal(*messages)
        verdicts: list[Verdict] = []
        for through in [*sorted({cut for cut in cuts if cut < len(messages)} - {0}), len(messages)]:
            verdicts += await shop.send(agent, through)
        await shop.sound()
        await once(shop, messages, verdicts)
        return await end(shop, verdicts)


async def end(shop: Shop, verdicts: Sequence[Verdict]) -> End:
    """Return what a run left behind."""
    async with shop.core.read(TENANT) as uow:
        levels = await uow.stock.levels([], [], None, 1000)
        exceptions = await uow.exceptions.list("", None, None, 1000)
    return End(
        positions={(level.location, level.sku): level.position for level in levels},
        verdicts=tuple(verdicts),
        orders=tuple(sorted((order.order_id, order.status.value, order.location) for order in await shop.orders())),
        exceptions=tuple(sorted((exception.exception_id, exception.reason) for exception in exceptions)),
    )


async def once(shop: Shop, messages: Sequence[bytes], verdicts: Sequence[Verdict]) -> None:
    """Check against a plain reckoning of what the verdicts say was booked: the counter stock is what each booked document took."""
    effect: dict[tuple[str, str], dict[str, Decimal]] = {}
    voided: set[tuple[str, str]] = set()
    for message, verdict in zip(messages, verdicts, strict=True):
        if verdict.outcome not in {Outcome.BOOKED, Outcome.AMENDED}:
            continue
        body = json.loads(message)
        if body["kind"] in {"sale", "return"}:
            effect[body["kind"], body["reference"]] = taken(body)
        if body["kind"] == "void":
            voided.add(("sale" if ("sale", body["about"]) in effect else "return", body["about"]))
    for sku in SKUS:
        out = sum((goods.get(sku, Decimal(0)) for name, goods in effect.items() if name not in voided), Decimal(0))
        assert (await shop.position("north", sku)).on_hand == -out


def taken(body: dict[str, Any]) -> dict[str, Decimal]:
    """Return what a document takes over the counter."""
    goods: dict[str, Decimal] = {}
    sign = -1 if body["kind"] == "return" else 1
    for item, quantity, ship in body["lines"]:
        if not (ship and body["kind"] == "sale" and Decimal(quantity) > 0):
            goods[item] = goods.get(item, Decimal(0)) + sign * Decimal(quantity)
    return goods


@settings(max_examples=60)
@given(messages=st.lists(documents, min_size=1, max_size=12), cuts=st.lists(st.integers(1, 11), max_size=6))
async def test_any_split_into_batches_ends_the_same(messages: list[bytes], cuts: list[int]):
    whole = await run(messages, [])
    assert await run(messages, cuts) == whole


@settings(max_examples=25)
@given(messages=st.lists(documents, min_size=1, max_size=10))
async def test_sending_everything_again_changes_no_stock(messages: list[bytes]):
    async with open_shop() as shop:
        agent = shop.agent("north").journal(*messages)
        first = await shop.send(agent)
        await shop.drain()
        before = await end(shop, first)
        again = await shop.send(agent.journal(*messages))
        await shop.drain()
        after = await end(shop, first)
        assert after.positions == before.positions
        assert after.orders == before.orders
        assert not [verdict for verdict in again if verdict.outcome in {Outcome.BOOKED, Outcome.AMENDED}]
        await shop.sound()


@settings(max_examples=25)
@given(messages=st.lists(documents, min_size=1, max_size=6))
async def test_replays_after_the_fix_book_each_parked_fact_once(messages: list[bytes]):
    async with open_shop() as shop:
        await shop.send(shop.agent("north").journal(*messages))
        await shop.put_sku("VASE")
        async with shop.core.read(TENANT) as uow:
            open_ones = await uow.exceptions.list("", ExceptionStatus.OPEN, None, 1000)
        for exception in open_ones:
            await shop.replay(exception.exception_id)
            await shop.sound()
        await shop.drain()
        before = await end(shop, [])
        for exception in open_ones:
            replayed = await shop.replay(exception.exception_id)
            if replayed.exception.status is ExceptionStatus.RESOLVED:
                continue
            assert replayed.record_id == ""
        assert (await end(shop, [])).positions == before.positions


async def test_rights_facts_are_split_as_safely():
    ends = []
    for cuts in ([4], [1, 2, 3, 4]):
        async with open_shop() as shop:
            agent = shop.agent("north").journal(script("return", "1", [Line("MUG", "3")]))
            agent.journal(b"a MUG 1", b"a MUG 1", b"b MUG 9", kind=EntryKind.RIGHTS_RETURNED)
            for through in cuts:
                await shop.send(agent, through)
            await shop.sound()
            ends.append(await shop.position("north", "MUG"))
    assert ends[0] == ends[1]
