"""Whatever waits is found again: orders for stock or capacity, voids for their sale, parked messages for their SKU, however many wait before."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from adapters.canonical.entry import Outcome
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.domain.order import OrderStatus
from core_service.domain.setup import Till
from core_service.exceptions.replay import replay_matching
from core_service.orders.placing import NewOrder, WantedLine, create_order
from tests.core_service.shop import OMS, TENANT, Shop, open_shop
from tests.fakes.script_dialect import SHIP_TO, Line, script

HALF_AN_HOUR = 1800


async def order(shop: Shop, reference: str, quantity: str = "1", sku: str = "MUG") -> None:
    """Order something over the API."""
    wanted = NewOrder(
        request_id=reference,
        reference=reference,
        lines=(WantedLine(name=sku, quantity=Decimal(quantity)),),
        ship_to=SHIP_TO,
    )
    await create_order(shop.pipeline, OMS, wanted, lambda _: b"")


async def statuses(shop: Shop) -> dict[str, OrderStatus]:
    """Return the status of each order by reference."""
    return {order.reference: order.status for order in await shop.orders()}


async def pass_time(shop: Shop, seconds: float = HALF_AN_HOUR) -> None:
    """Let time pass and do what became due."""
    shop.clock.advance(seconds)
    await shop.drain()


async def test_orders_behind_many_that_cannot_be_filled_are_routed() -> None:
    """210 large orders wait before a small one; stock for the small one comes, and it ships."""
    async with open_shop() as shop:
        for number in range(210):
            await order(shop, f"large-{number}", "50")
            shop.clock.advance(1)
        await order(shop, "small")
        await shop.receive("wh-east", "MUG", "5")
        await shop.drain()
        await pass_time(shop)
        assert (await statuses(shop))["small"] is OrderStatus.ROUTED
        await shop.sound()


async def test_an_order_that_met_a_full_day_is_routed_when_the_day_is_over() -> None:
    """Nobody touches stock in between; capacity comes back by itself."""
    async with open_shop() as shop:
        await shop.receive("wh-east", "MUG", "5")
        async with shop.core.begin(TENANT) as uow:
            place = await uow.locations.get("wh-east")
            assert place is not None
            await uow.locations.put(replace(place, daily_capacity=1))
            await uow.commit()
        await order(shop, "first")
        await order(shop, "second")
        assert (await statuses(shop))["second"] is OrderStatus.AWAITING_STOCK
        for _ in range(60):
            await pass_time(shop)
        assert (await statuses(shop))["second"] is OrderStatus.ROUTED


async def test_an_order_that_met_a_closed_warehouse_is_routed_soon_after_it_opens() -> None:
    """The sentence on the order says what is missing; once that is there nothing else has to be done."""
    async with open_shop() as shop:
        await shop.receive("wh-east", "MUG", "5")
        async with shop.core.begin(TENANT) as uow:
            place = await uow.locations.get("wh-east")
            assert place is not None
            await uow.locations.put(replace(place, closed=True))
            await uow.commit()
        await order(shop, "first")
        await pass_time(shop)
        assert (await statuses(shop))["first"] is OrderStatus.AWAITING_STOCK
        async with shop.core.begin(TENANT) as uow:
            await uow.locations.put(place)
            await uow.commit()
        await pass_time(shop)
        assert (await statuses(shop))["first"] is OrderStatus.ROUTED


async def test_an_order_that_waits_is_not_looked_at_all_the_time() -> None:
    """In a day of nothing new a waiting order costs less than 100 looks."""
    async with open_shop() as shop:
        await order(shop, "first")
        looks = 0
        for _ in range(24 * 60):
            shop.clock.advance(60)
            looks += await shop.drain()
        assert looks < 100


async def test_a_void_behind_many_others_follows_its_sale() -> None:
    """210 voids of sales that never come wait before it."""
    async with open_shop() as shop:
        agent = shop.agent("north")
        agent.journal(*(script("void", f"v{number}", about=f"never-{number}") for number in range(210)))
        await shop.send(agent)
        shop.clock.advance(1)
        agent.journal(script("void", "v", about="late"), script("sale", "late", [Line("MUG", "1")]))
        parked, booked = await shop.send(agent)
        assert (parked.outcome, booked.outcome) == (Outcome.PARKED, Outcome.BOOKED)
        await shop.drain()
        assert (await shop.position("north", "MUG")).on_hand == 0
        await shop.sound()


async def test_a_message_behind_many_others_is_replayed_when_its_sku_arrives() -> None:
    """600 messages name SKUs that never come; the one whose SKU does come is replayed."""
    async with open_shop() as shop:
        agent = shop.agent("north")
        agent.journal(*(script("sale", f"s{number}", [Line("GHOST", "1")]) for number in range(600)))
        await shop.send(agent)
        shop.clock.advance(1)
        [verdict] = await shop.send(agent.journal(script("sale", "new", [Line("VASE", "1")])))
        await shop.put_sku("VASE")
        async with shop.core.begin(TENANT) as uow:
            assert await replay_matching(uow, shop.pipeline, Reason.SKU_UNKNOWN) == 601
            await uow.commit()
        await shop.drain()
        async with shop.core.read(TENANT) as uow:
            found = await uow.exceptions.get(verdict.record_id)
        assert found is not None
        assert found.status is ExceptionStatus.RESOLVED


async def test_a_void_that_was_parked_for_something_else_first_follows_its_sale() -> None:
    """Till unknown parks both; replayed in the wrong order the void waits for its sale and is booked after it."""
    async with open_shop() as shop:
        agent = shop.agent("north")
        agent.journal(script("sale", "1", [Line("MUG", "1")]), script("void", "v", about="1"), till="2")
        sale, void = await shop.send(agent)
        assert (sale.reason, void.reason) == (Reason.TILL_UNKNOWN, Reason.TILL_UNKNOWN)
        async with shop.core.begin(TENANT) as uow:
            await uow.tills.put(Till(store="north", till="2", dialect="script"))
            await uow.commit()
        assert (await shop.replay(void.record_id)).exception.reason is Reason.ORIGINAL_UNKNOWN
        await shop.replay(sale.record_id)
        await shop.drain()
        async with shop.core.read(TENANT) as uow:
            found = await uow.exceptions.get(void.record_id)
        assert found is not None
        assert found.status is ExceptionStatus.RESOLVED
        assert (await shop.position("north", "MUG")).on_hand == 0
