"""A chain of shops under fire: steps that hypothesis chooses in, every effect on the real core, and an oracle that counts beside it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.canonical.entry import EntryKind
from adapters.canonical.key import derived_id
from adapters.canonical.rights import uncovered
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.domain.order import Order, OrderStatus
from core_service.domain.shipment import WarehouseReport
from core_service.orders.dispatching import begin_dispatch
from core_service.orders.placing import NewOrder, WantedLine, cancel_order, create_order
from core_service.orders.warehouse_report import apply_warehouse_report
from core_service.pipeline.ingest import ingest
from core_service.pipeline.names import transfer_id
from core_service.ports.stock import TransferState
from core_service.stock.moving import StockItem, StockRequest, adjust_stock, receive_stock, transfer_stock
from tests.core_service.shop import OMS, SKUS, TENANT, Shop, settle
from tests.fakes.script_dialect import SHIP_TO, Line, script

PLACES = ("north", "wh-east")
HOLDING = {
    OrderStatus.ROUTED,
    OrderStatus.DISPATCHED,
    OrderStatus.PICKED,
    OrderStatus.PACKED,
    OrderStatus.CANCEL_REQUESTED,
}


class CrashError(Exception):
    """The process died here."""


@dataclass
class Chain:
    """The shop and what the oracle knows: goods that left or came by place and SKU, whatever the core thinks of them."""

    shop: Shop
    on_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    sold: dict[str, tuple[str, int]] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    calls: int = 0
    crash_at: str = ""

    async def sale(self, number: int, sku: str, quantity: int, ship: bool) -> None:
        """A till sells (the same number is the same sale, for ever), or sells what is to be sent."""
        reference = f"s{number}"
        sku, quantity = self.sold.get(reference, (sku, quantity))
        kind = "ship" if ship else "sale"
        self.shop.agent("north").journal(script("sale", f"{kind}-{reference}", [Line(sku, str(quantity), ship)]))
        if reference not in self.sold:
            self.sold[reference] = (sku, quantity)
        if not ship and f"booked {reference}" not in self.voided:
            self.voided.add(f"booked {reference}")
            self.on_hand["north", sku] -= quantity

    async def void(self, number: int) -> None:
        """A till voids a sale that it made, perhaps twice."""
        reference = f"s{number}"
        if f"booked {reference}" not in self.voided:
            return
        self.shop.agent("north").journal(script("void", f"v{number}", about=f"sale-{reference}"))
        if reference not in self.voided:
            self.voided.add(reference)
            sku, quantity = self.sold[reference]
            self.on_hand["north", sku] += quantity

    async def send(self, through: int) -> None:
        """The agent sends a part of what is not settled; a crash loses the answer, and it opens the stream anew."""
        agent = self.shop.agent("north")
        batch = agent.batch(agent.settled + through)
        if not batch.entries:
            return
        try:
            [answer] = await ingest(self.shop.pipeline, TENANT, [batch])
        except CrashError:
            async with self.shop.core.begin(TENANT) as uow:
                agent.settled = (await uow.streams.open(agent.identity.agent, agent.epoch, agent.session)).watermark
                await uow.commit()
            return
        settle(agent, answer)

    async def new_disk(self) -> None:
        """The journal was restored from an image: a new epoch, and all of it comes again."""
        before = self.shop.agent("north")
        after = await self.shop.enrol("north", before.epoch[0] + 1)
        for entry in before.entries:
            after.journal(entry.content.raw, kind=entry.content.kind, key=entry.content.key)

    async def move(self, how: str, place: str, sku: str, quantity: int) -> None:
        """The OMS receives, counts or transfers, and asks again when it heard nothing."""
        self.calls += 1
        other = PLACES[1 - PLACES.index(place)]
        request = StockRequest(
            request_id=f"m{self.calls}",
            items=(StockItem(name=sku, quantity=Decimal(quantity)),),
            to_location=other if how == "transfer" else place,
            from_location=place if how == "transfer" else "",
        )
        method = {"receive": receive_stock, "adjust": adjust_stock, "transfer": transfer_stock}[how]
        if not await self._done(lambda: method(self.shop.pipeline, OMS, request, lambda _: b"answer")):
            return
        self.on_hand[request.to_location, sku] += quantity
        if how == "transfer":
            self.on_hand[place, sku] -= quantity

    async def order(self, sku: str, quantity: int) -> None:
        """The OMS orders."""
        self.calls += 1
        wanted = NewOrder(
            request_id=f"o{self.calls}",
            reference=f"o{self.calls}",
            lines=(WantedLine(name=sku, quantity=Decimal(quantity)), WantedLine(name=SKUS[0], quantity=Decimal(1))),
            ship_to=SHIP_TO,
        )
        await self._done(lambda: create_order(self.shop.pipeline, OMS, wanted, lambda found: found.order_id.encode()))

    async def cancel(self, place: int) -> None:
        """The OMS cancels one of the orders."""
        if order := await self._order(place):
            await self._done(lambda: cancel_order(self.shop.pipeline, OMS, order.order_id, ""))

    async def report(self, place: int, status: OrderStatus) -> None:
        """A warehouse has begun on an order, and reports anything in any order."""
        order = await self._order(place)
        if order is None or not order.location:
            return
        async with self.shop.core.begin(TENANT) as uow:
            await begin_dispatch(uow, order.order_id, self.shop.clock.now())
            held = [row for row in await uow.orders.reservations(order.order_id) if row.open]
            report = WarehouseReport(order_id=order.order_id, status=status)
            applied = (await apply_warehouse_report(uow, report, self.shop.clock.now())).applied
            await uow.commit()
        if applied and status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}:
            for row in held:
                self.on_hand[row.location, row.sku] -= int(row.quantity)

    async def rights(self, place: int, back: int) -> None:
        """The agent takes a grant over (perhaps again), and gives rights back."""
        async with self.shop.core.read(TENANT) as uow:
            names = [name for name in await self._grants() if await uow.rights.get(name)]
        agent = self.shop.agent("north")
        if names:
            name = names[place % len(names)]
            agent.journal(name.encode(), kind=EntryKind.RIGHTS_ACKNOWLEDGED)
        if back:
            agent.journal(f"back-{back} {SKUS[back % 3]} {back}".encode(), kind=EntryKind.RIGHTS_RETURNED)

    async def work(self) -> None:
        """Time passes and the worker does what is due."""
        self.shop.clock.advance(60)
        await self.shop.drain()

    async def check(self) -> None:
        """Whatever happened: nothing lost, doubled, promised twice or forgotten."""
        await self.shop.sound()
        orders = await self.shop.orders()
        async with self.shop.core.read(TENANT) as uow:
            levels = {(found.location, found.sku): found.position for found in await uow.stock.levels([], [], None, 99)}
            rows = [row for order in orders for row in await uow.orders.reservations(order.order_id) if row.open]
            grants = [found for name in await self._grants() if (found := await uow.rights.get(name))]
            named = await uow.exceptions.list(Reason.RIGHTS_OVERDRAWN, ExceptionStatus.OPEN, None, 999)
        for order in orders:
            held = sorted((row.line, row.sku, row.quantity) for row in rows if row.order_id == order.order_id)
            wanted = sorted((line.number, line.sku, line.quantity) for line in order.lines)
            assert held == (wanted if order.status in HOLDING else []), order
        for pair, level in levels.items():
            parts = (level.store_rights, level.core_rights, level.reserved, level.in_flight, level.overdrawn)
            assert min(parts) >= 0, (pair, level)
            assert level.reserved == sum(row.quantity for row in rows if (row.location, row.sku) == pair), pair
            flying = [one for one in grants if (one.store, one.sku) == pair and one.state is TransferState.IN_FLIGHT]
            assert level.in_flight == sum(one.quantity for one in flying), pair
            if uncovered(level) > 0:
                losers = {row.order_id for row in rows if (row.location, row.sku) == pair}
                assert losers & {exception.record_id for exception in named}, (pair, level)

    async def check_goods(self) -> None:
        """All that was journalled is sent: on hand is what the oracle counted."""
        agent = self.shop.agent("north")
        self.crash_at = ""
        await self.send(len(agent.entries))
        async with self.shop.core.read(TENANT) as uow:
            levels = {(found.location, found.sku): found.position for found in await uow.stock.levels([], [], None, 99)}
        for pair in levels.keys() | self.on_hand.keys():
            assert levels[pair].on_hand == self.on_hand[pair], pair

    async def crash(self, name: str) -> None:
        """Die at the armed place, once."""
        if self.crash_at and name.endswith(self.crash_at):
            self.crash_at = ""
            raise CrashError(name)

    async def _done(self, call: Callable[[], Awaitable[object]]) -> bool:
        """Ask twice, as one does whose answers get lost; return whether it was done, False when it was refused for good."""
        for _ in range(2):
            try:
                with contextlib.suppress(CrashError):
                    await call()
            except Permanent as error:
                if error.reason not in {Reason.INSUFFICIENT_STOCK, Reason.ORDER_NOT_CANCELLABLE}:
                    raise
                return False
        return True

    async def _order(self, place: int) -> Order | None:
        orders = sorted(await self.shop.orders(), key=lambda order: order.order_id)
        return orders[place % len(orders)] if orders else None

    async def _grants(self) -> list[str]:
        """Return the ids of every grant that the store could have been told of."""
        async with self.shop.core.read(TENANT) as uow:
            causes = [f"m{number}" for number in range(1, self.calls + 1)]
            names: list[str] = []
            for cause in causes:
                names += [_transfer(uow.tenant, prefix, cause) for prefix in ("rcv", "adj", "trf")]
            return names


def _transfer(tenant: str, prefix: str, request_id: str) -> str:
    return transfer_id(tenant, derived_id(prefix, tenant, OMS.credential, request_id), 1)
