"""Every record tells its story: by its own id, by the receipt, by the order that came of it."""

from __future__ import annotations

import pytest

from adapters.canonical.key import derived_id
from adapters.errors import Permanent
from core_service.orders.why import explain
from tests.core_service.shop import TENANT, open_shop
from tests.fakes.script_dialect import Line, script


async def test_a_sale_its_order_its_receipt_and_its_exception_are_explained():
    async with open_shop() as shop:
        await shop.receive("wh-east", "CUP", "5")
        agent = shop.agent("north").journal(
            script("sale", "1", [Line("MUG", "1"), Line("CUP", "1", ship=True)]),
            script("sale", "1", [Line("MUG", "3"), Line("CUP", "1", ship=True)], revision=7),
            script("payment", "p1", about="1"),
            script("sale", "2", [Line("NONE", "1")]),
        )
        sale, _, _, parked = await shop.send(agent)
        async with shop.core.read(TENANT) as uow:
            told = await explain(uow, sale.record_id)
            by_receipt = await explain(uow, agent.entries[0].content.receipt_id)
            order = await explain(uow, sale.order_ids[0])
            exception = await explain(uow, parked.record_id)
        stages = [step.stage for step in told.steps]
        assert told.kind == "sale"
        assert stages == ["received", "settled", "read", "booked", "amended", "moved", "moved", "fact"]
        assert by_receipt.steps == told.steps
        assert [step.stage for step in order.steps][-2:] == ["received", "routed"]
        assert "north" in order.steps[0].sentence
        assert [step.stage for step in exception.steps] == ["received", "settled", "parked"]


async def test_a_repeat_and_talk_are_explained_by_their_receipts():
    async with open_shop() as shop:
        sale = script("sale", "1", [Line("MUG", "1")])
        agent = shop.agent("north").journal(sale, sale, script("chat", "x"))
        await shop.send(agent)
        async with shop.core.read(TENANT) as uow:
            repeat = await explain(uow, agent.entries[1].content.receipt_id)
            talk = await explain(uow, agent.entries[2].content.receipt_id)
        assert "repeat" in repeat.steps[1].sentence
        assert talk.kind == "receipt"


async def test_goods_received_are_explained_with_their_movements():
    async with open_shop() as shop:
        await shop.receive("wh-east", "MUG", "5")
        async with shop.core.read(TENANT) as uow:
            [level] = await uow.stock.levels([], [], None, 10)
            assert level.location == "wh-east"
            told = await explain(uow, derived_id("rcv", TENANT, "crd_oms", "wh-east MUG 5"))
        assert [step.stage for step in told.steps] == ["booked", "moved"]


async def test_an_unknown_id_is_named():
    async with open_shop() as shop, shop.core.read(TENANT) as uow:
        with pytest.raises(Permanent, match="NOT_FOUND"):
            await explain(uow, "sal_404")
