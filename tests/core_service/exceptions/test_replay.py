"""A parked message is booked by a replay after its fix, by the same story, once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.canonical.entry import EntryKind, Outcome
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.domain.order import OrderStatus
from core_service.exceptions.replay import replay_matching
from core_service.orders.dispatching import begin_dispatch
from core_service.pipeline.continuity import DeclaredGap
from core_service.pipeline.ingest import ingest
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.fakes.script_dialect import Line, script


async def test_a_sale_of_an_unknown_sku_is_booked_once_the_sku_is_there():
    async with open_shop() as shop:
        agent = shop.agent("north").journal(script("sale", "1", [Line("VASE", "2"), Line("MUG", "1")]))
        [parked] = await shop.send(agent)
        still = await shop.replay(parked.record_id)
        assert (still.exception.status, still.exception.replays, still.record_id) == (ExceptionStatus.OPEN, 1, "")
        await shop.put_sku("VASE")
        done = await shop.replay(parked.record_id)
        again = await shop.replay(parked.record_id)
        assert done.exception.status is again.exception.status is ExceptionStatus.RESOLVED
        assert done.record_id == again.record_id != ""
        assert (await shop.position("north", "VASE")).on_hand == Decimal(-2)
        async with shop.core.read(TENANT) as uow:
            [verdict] = await uow.inbox.verdicts(agent.identity.agent, agent.epoch, 0, 1)
            sale = (await uow.sales.get([done.record_id]))[done.record_id]
            assert await uow.raw.get(sale.raw_id) == agent.entries[0].content.raw
        assert (verdict.outcome, verdict.record_id) == (Outcome.BOOKED, done.record_id)
        await shop.sound()


async def test_a_repeat_of_a_parked_sale_parks_nothing_new():
    async with open_shop() as shop:
        sale = script("sale", "1", [Line("VASE", "2")])
        agent = shop.agent("north").journal(sale, sale)
        first, again = await shop.send(agent)
        assert first.record_id == again.record_id
        await shop.put_sku("VASE")
        await shop.replay(first.record_id)
        [later] = await shop.send(agent.journal(sale))
        assert later.outcome is Outcome.REPEAT
        assert (await shop.position("north", "VASE")).on_hand == Decimal(-2)


async def test_two_parked_messages_of_one_sale_book_it_once():
    async with open_shop() as shop:
        sale = script("sale", "1", [Line("VASE", "2")])
        agent = shop.agent("north").journal(sale, key=None).journal(sale, key=None)
        first, again = await shop.send(agent)
        assert first.record_id != again.record_id
        await shop.put_sku("VASE")
        one, two = await shop.replay(first.record_id), await shop.replay(again.record_id)
        assert one.record_id == two.record_id
        assert (await shop.position("north", "VASE")).on_hand == Decimal(-2)


async def test_what_the_door_refused_is_read_again():
    async with open_shop() as shop:
        raw = script("sale", "1", [Line("MUG", "1")])
        agent = shop.agent("north").journal(raw, kind=EntryKind.REJECTED, reason="TOTALS_MISMATCH", sentence="x")
        [parked] = await shop.send(agent)
        done = await shop.replay(parked.record_id)
        assert done.exception.status is ExceptionStatus.RESOLVED
        assert (await shop.position("north", "MUG")).on_hand == Decimal(-1)


async def test_a_note_of_what_the_door_refused_is_not_taken_for_the_message():
    """However often it is replayed, its reason and sentence stay what they were."""
    async with open_shop() as shop:
        note = b'{"length":27,"reason":"MALFORMED_JSON","at":"$"}'
        agent = shop.agent("north").journal(note, kind=EntryKind.REJECTED, reason="MALFORMED_JSON", sentence="It ends.")
        [parked] = await shop.send(agent)
        once, twice = [(await shop.replay(parked.record_id)).exception for _ in range(2)]
        assert (once.status, once.reason) == (ExceptionStatus.OPEN, Reason.REJECTED_AT_DOOR)
        assert once.sentence == twice.sentence
        assert "let the till send it again" in once.sentence


async def test_a_void_follows_its_original_when_that_is_replayed():
    async with open_shop() as shop:
        agent = shop.agent("north").journal(script("sale", "1", [Line("VASE", "2")]), script("void", "v", about="1"))
        sale, void = await shop.send(agent)
        await shop.put_sku("VASE")
        await shop.replay(sale.record_id)
        claimed = await shop.core.work_claims.claim("test", shop.clock.now(), 60, 10, [])
        assert [(work.kind, work.subject) for work in claimed] == [("replay_exception", void.record_id)]
        await shop.replay(void.record_id)
        assert (await shop.position("north", "VASE")).on_hand == Decimal(0)
        await shop.sound()


async def test_a_void_that_came_before_its_sale_follows_it():
    async with open_shop() as shop:
        agent = shop.agent("north").journal(script("void", "v", about="1"), script("sale", "1", [Line("MUG", "2")]))
        await shop.send(agent)
        assert await shop.drain() == 1
        assert (await shop.position("north", "MUG")).on_hand == Decimal(0)
        await shop.sound()


async def test_open_exceptions_of_a_reason_are_enqueued_when_what_they_lacked_arrives():
    async with open_shop("north", "south") as shop:
        for store in ("north", "south"):
            await shop.send(shop.agent(store).journal(script("sale", "1", [Line("VASE", "2")])))
        async with shop.core.begin(TENANT) as uow:
            assert await replay_matching(uow, shop.pipeline, Reason.SKU_UNKNOWN) == 2
            assert await replay_matching(uow, shop.pipeline, Reason.SKU_UNKNOWN, "store/south/1") == 1
            await uow.commit()
        assert len(await shop.core.work_claims.claim("test", shop.clock.now(), 60, 10, [])) == 2


async def test_an_alarm_is_resolved_by_whoever_has_seen_to_it():
    async with open_shop() as shop:
        agent = shop.agent("north").journal(script("chat", "1"), script("chat", "2"))
        gap = DeclaredGap(first=1, last=1, chain=agent.chain_at(1), sentence="Damaged.")
        await ingest(shop.pipeline, TENANT, [replace(agent.batch(), entries=tuple(agent.entries[1:]), gap=gap)])
        async with shop.core.read(TENANT) as uow:
            [alarm] = await uow.exceptions.list(Reason.JOURNAL_GAP, None, None, 10)
        done = await shop.replay(alarm.exception_id)
        assert done.exception.status is ExceptionStatus.RESOLVED


async def test_an_erased_message_stays_open_and_says_so():
    async with open_shop() as shop:
        [parked] = await shop.send(shop.agent("north").journal(script("sale", "1", [Line("VASE", "2")])))
        async with shop.core.begin(TENANT) as uow:
            await uow.raw.erase(parked.record_id)
            await uow.commit()
        still = await shop.replay(parked.record_id)
        assert still.exception.status is ExceptionStatus.OPEN
        assert "erased" in still.exception.sentence


async def test_an_unknown_exception_is_named():
    async with open_shop() as shop:
        with pytest.raises(Permanent, match="NOT_FOUND"):
            await shop.replay("exc_404")


async def lost(shop: Shop, *, begun: bool) -> str:
    """Sell at the counter what an order was promised, with goods in the warehouse; return the exception that names the order."""
    async with shop.core.begin(TENANT) as uow:
        north = await uow.locations.get("north")
        assert north is not None
        await uow.locations.put(replace(north, wms_url="http://127.0.0.1:9", wms_secret="s"))
        await uow.commit()
    await shop.receive("north", "MUG", "10")
    agent = shop.agent("north").journal(script("sale", "1", [Line("MUG", "2", ship=True)]))
    await shop.send(agent)
    if begun:
        [order] = await shop.orders()
        async with shop.core.begin(TENANT) as uow:
            assert await begin_dispatch(uow, order.order_id, shop.clock.now()) is not None
            await uow.commit()
    await shop.receive("wh-east", "MUG", "5")
    await shop.send(agent.journal(script("sale", "2", [Line("MUG", "9")])))
    async with shop.core.read(TENANT) as uow:
        [exception] = await uow.exceptions.list(Reason.RIGHTS_OVERDRAWN, None, None, 10)
    return exception.exception_id


async def test_fault_038_an_order_that_lost_its_goods_is_routed_elsewhere():
    async with open_shop() as shop:
        name = await lost(shop, begun=False)
        await shop.drain()
        done = await shop.replay(name)
        assert done.exception.status is ExceptionStatus.RESOLVED
        [order] = await shop.orders()
        assert (order.status, order.location) == (OrderStatus.ROUTED, "wh-east")
        assert (await shop.position("north", "MUG")).reserved == Decimal(0)
        await shop.sound()


async def test_fault_038_an_order_that_may_be_at_its_warehouse_stays_and_is_named_until_goods_come():
    async with open_shop() as shop:
        name = await lost(shop, begun=True)
        await shop.drain()
        still = await shop.replay(name)
        assert still.exception.status is ExceptionStatus.OPEN
        [order] = await shop.orders()
        assert (order.status, order.location) == (OrderStatus.ROUTED, "north")
        await shop.receive("north", "MUG", "20", "more")
        done = await shop.replay(name)
        assert done.exception.status is ExceptionStatus.RESOLVED
        await shop.sound()
