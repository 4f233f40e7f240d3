"""What every store promises to orders: changes over the version they were made from, promises, parked messages, history in order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock, to_millis
from core_service.domain.exception import ExceptionStatus
from core_service.domain.order import LineageStep, Order, OrderStatus, Reservation
from core_service.ports.orders import AuditEntry, OrderFilter, StoredAnswer, WebhookEvent
from core_service.ports.unit_of_work import CoreStore
from tests.contracts import records

_ALL = OrderFilter()


def _promise(order_id: str, ordinal: int = 1, sku: str = "MUG-BLUE") -> Reservation:
    return Reservation(
        order_id=order_id, line=1, ordinal=ordinal, location="north-dc", sku=sku, quantity=Decimal("1.5")
    )


def _routed(order: Order, location: str, at: float) -> Order:
    moved = replace(order, status=OrderStatus.ROUTED, location=location, updated_at=records.after(at))
    return replace(moved, version=order.version + 1)


class OrderStoreContract:
    """Orders, reservations, exceptions, lineage, answers, webhooks and audit."""

    async def test_orders_are_read_back_whole(self, core: CoreStore) -> None:
        """With their lines, of one's own tenant."""
        bare = replace(records.order("ord_2"), total=None, lines=())
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.begin(tenant) as uow:
                await uow.orders.add([records.order(mark=mark), bare])
                await uow.commit()
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.read(tenant) as uow:
                assert await uow.orders.get("ord_1") == records.order(mark=mark)
                assert await uow.orders.get("ord_3") is None
                both = await uow.orders.get_many(["ord_2", "ord_3", "ord_1"])
                assert both == {"ord_1": records.order(mark=mark), "ord_2": bare}
                assert await uow.orders.get_many([]) == {}

    async def test_a_change_is_stored_over_the_version_it_was_made_from(self, core: CoreStore) -> None:
        """Two changes of the same version: the second is told to decide anew; other tenants' orders stay."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.orders.add([records.order()])
                await uow.commit()
        changed = replace(
            _routed(records.order(), "north-dc", 5), tracking_number="T1", lines=records.order().lines[:1]
        )
        async with core.begin("acme") as uow:
            await uow.orders.save(changed)
            with pytest.raises(Transient) as refused:
                await uow.orders.save(replace(changed, sentence="Another."))
            assert refused.value.reason is Reason.LEASE_LOST
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.orders.get("ord_1") == changed
        async with core.read("bolt") as uow:
            assert await uow.orders.get("ord_1") == records.order()

    async def test_an_order_never_added_cannot_be_saved(self, core: CoreStore) -> None:
        """There is nothing to change."""
        async with core.begin("acme") as uow:
            with pytest.raises(Transient):
                await uow.orders.save(_routed(records.order(), "north-dc", 1))

    async def test_orders_are_listed_newest_first_page_by_page(self, core: CoreStore) -> None:
        """Filtered by status and reference, before a place, of one's own tenant."""
        orders = [records.order(f"ord_{place}", f"#{place % 2}", created=place // 2) for place in range(6)]
        async with core.begin("acme") as uow:
            await uow.orders.add(orders)
            await uow.orders.save(_routed(orders[3], "north-dc", 9))
            await uow.commit()
        async with core.read("acme") as uow:

            async def listed(which: OrderFilter, before: Order | None = None, limit: int = 10) -> list[str]:
                place = None if before is None else (to_millis(before.created_at), before.order_id)
                return [order.order_id[-1] for order in await uow.orders.list(which, place, limit)]

            assert await listed(_ALL) == ["5", "4", "3", "2", "1", "0"]
            assert await listed(_ALL, limit=2) == ["5", "4"]
            assert await listed(_ALL, before=orders[4]) == ["3", "2", "1", "0"]
            assert await listed(OrderFilter(status=OrderStatus.ROUTED)) == ["3"]
            assert await listed(OrderFilter(reference="ref#0")) == ["4", "2", "0"]
        async with core.read("bolt") as uow:
            assert await uow.orders.list(_ALL, None, 10) == []

    async def test_orders_that_wait_for_a_sku_come_oldest_first(self, core: CoreStore) -> None:
        """Only those that wait, each once, of one's own tenant."""
        orders = [records.order(f"ord_{place}", created=-place) for place in range(4)]
        async with core.begin("acme") as uow:
            await uow.orders.add(orders)
            await uow.orders.save(_routed(orders[2], "north-dc", 9))
            await uow.commit()
        async with core.read("acme") as uow:
            waiting = await uow.orders.waiting_for("TEA-100", 10)
            assert waiting == [orders[3], orders[1], orders[0]]
            assert await uow.orders.waiting_for("TEA-100", 1) == [orders[3]]
            assert await uow.orders.waiting_for("NOTHING", 10) == []
        async with core.read("bolt") as uow:
            assert await uow.orders.waiting_for("TEA-100", 10) == []

    async def test_a_locations_used_capacity_counts_orders_by_when_they_were_routed(self, core: CoreStore) -> None:
        """A later change of an order does not route it again; another location does."""
        async with core.begin("acme") as uow:
            first, second = records.order("ord_1"), records.order("ord_2")
            await uow.orders.add([first, second, replace(records.order("ord_3", created=50), location="north-dc")])
            first, second = _routed(first, "north-dc", 10), _routed(second, "north-dc", 20)
            await uow.orders.save(first)
            await uow.orders.save(second)
            await uow.orders.save(replace(first, updated_at=records.after(99), version=first.version + 1))
            await uow.commit()
        async with core.read("acme") as uow:
            counted = [await uow.orders.routed_since("north-dc", records.after(since)) for since in (0, 15, 30, 60)]
            assert counted == [3, 2, 1, 0]
        async with core.begin("acme") as uow:
            await uow.orders.save(_routed(second, "south-dc", 70))
            assert await uow.orders.routed_since("north-dc", records.after(0)) == 2
            assert await uow.orders.routed_since("south-dc", records.after(60)) == 1
        async with core.read("bolt") as uow:
            assert await uow.orders.routed_since("north-dc", records.after(0)) == 0

    async def test_promises_are_kept_until_closed(self, core: CoreStore, clock: VirtualClock) -> None:
        """Open ones of a SKU at a place come newest first, of one's own tenant."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.orders.add_reservations([_promise("ord_2"), _promise("ord_2", 2, "TEA-100")])
                clock.advance(1)
                await uow.orders.add_reservations([_promise("ord_1")])
                await uow.commit()
        async with core.begin("acme") as uow:
            assert await uow.orders.open_at("north-dc", "MUG-BLUE") == [_promise("ord_1"), _promise("ord_2")]
            await uow.orders.close_reservations("ord_1")
            assert await uow.orders.open_at("north-dc", "MUG-BLUE") == [_promise("ord_2")]
            assert await uow.orders.open_at("south-dc", "MUG-BLUE") == []
            assert await uow.orders.reservations("ord_1") == [replace(_promise("ord_1"), open=False)]
            assert await uow.orders.reservations("ord_2") == [_promise("ord_2"), _promise("ord_2", 2, "TEA-100")]
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.orders.reservations("ord_1") == [_promise("ord_1")]

    async def test_a_promise_is_recorded_once(self, core: CoreStore) -> None:
        """The same units are not promised twice to one line."""
        async with core.begin("acme") as uow:
            await uow.orders.add_reservations([_promise("ord_1")])
            with pytest.raises(Permanent):
                await uow.orders.add_reservations([_promise("ord_1")])

    async def test_a_message_is_parked_once_and_stored_after_a_replay(self, core: CoreStore) -> None:
        """Parking it again changes nothing; saving does; each tenant has its own."""
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.begin(tenant) as uow:
                await uow.exceptions.add([records.parked(mark=mark)])
                await uow.exceptions.add([records.parked(mark="later"), records.parked("exc_2")])
                await uow.commit()
        resolved = replace(
            records.parked(mark="a"), status=ExceptionStatus.RESOLVED, replays=1, record_id="sal_1", sentence="Booked."
        )
        async with core.begin("acme") as uow:
            assert await uow.exceptions.get("exc_1") == records.parked(mark="a")
            await uow.exceptions.save(resolved)
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.exceptions.get("exc_1") == resolved
            assert await uow.exceptions.get("exc_3") is None
        async with core.read("bolt") as uow:
            assert await uow.exceptions.get("exc_1") == records.parked(mark="b")

    async def test_exceptions_are_listed_oldest_first_page_by_page(self, core: CoreStore) -> None:
        """Filtered by reason and status, after a place, of one's own tenant."""
        rows = [records.parked(f"exc_{place}", created=place // 2) for place in range(4)]
        rows[1] = replace(rows[1], status=ExceptionStatus.RESOLVED)
        rows[2] = replace(rows[2], reason=Reason.TILL_UNKNOWN)
        async with core.begin("acme") as uow:
            await uow.exceptions.add(list(reversed(rows)))
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.exceptions.list("", None, None, 10) == rows
            assert await uow.exceptions.list("", None, None, 2) == rows[:2]
            assert await uow.exceptions.list("", None, (to_millis(rows[0].created_at), "exc_0"), 10) == rows[1:]
            assert await uow.exceptions.list("TILL_UNKNOWN", None, None, 10) == [rows[2]]
            assert await uow.exceptions.list("", ExceptionStatus.OPEN, None, 10) == [rows[0], rows[2], rows[3]]
            assert await uow.exceptions.list("SKU_UNKNOWN", ExceptionStatus.RESOLVED, None, 10) == [rows[1]]
        async with core.read("bolt") as uow:
            assert await uow.exceptions.list("", None, None, 10) == []

    async def test_lineage_keeps_the_order_of_its_steps(self, core: CoreStore) -> None:
        """Also of steps at one moment, of one call or several, and when the clock goes back; of one's own tenant."""

        def step(record: str, name: str, at: float = 0) -> LineageStep:
            details = {"b": "2", "a": name}
            return LineageStep(record_id=record, at=records.after(at), stage=name, sentence=f"{name}.", details=details)

        async with core.begin("acme") as uow:
            await uow.lineage.add([step("sal_1", "read"), step("sal_2", "read"), step("sal_1", "booked")])
            await uow.commit()
        async with core.begin("bolt") as uow:
            await uow.lineage.add([step("sal_1", "other")])
            await uow.commit()
        async with core.begin("acme") as uow:
            await uow.lineage.add([step("sal_1", "replayed", at=-3600), step("sal_1", "told")])
            await uow.commit()
        async with core.read("acme") as uow:
            steps = await uow.lineage.of("sal_1")
            assert [found.stage for found in steps] == ["read", "booked", "replayed", "told"]
            assert steps[0] == step("sal_1", "read")
            assert await uow.lineage.of("sal_9") == []
        async with core.read("bolt") as uow:
            assert [found.stage for found in await uow.lineage.of("sal_1")] == ["other"]

    async def test_the_first_answer_to_a_request_is_kept(self, core: CoreStore) -> None:
        """By caller, method and request id; a second answer is refused; tenants have their own."""
        answer = StoredAnswer(
            caller="crd_1", request_id="q", method="CreateOrder", digest=b"d" * 32, answer=b"\x00a", at=records.T0
        )
        async with core.begin("acme") as uow:
            await uow.answers.add(answer)
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.answers.find("crd_1", "CreateOrder", "q") == answer
            assert await uow.answers.find("crd_2", "CreateOrder", "q") is None
            assert await uow.answers.find("crd_1", "CancelOrder", "q") is None
        async with core.read("bolt") as uow:
            assert await uow.answers.find("crd_1", "CreateOrder", "q") is None
        with pytest.raises(Permanent):
            async with core.begin("acme") as uow:
                await uow.answers.add(replace(answer, answer=b"other"))

    async def test_a_webhook_is_taken_once(self, core: CoreStore) -> None:
        """By location and event id, for each tenant; processed is remembered."""
        event = WebhookEvent(location="north-dc", event_id="e1", raw_id="raw_1", received_at=records.T0)
        async with core.begin("acme") as uow:
            assert await uow.webhooks.add(event)
            assert not await uow.webhooks.add(replace(event, raw_id="raw_2"))
            assert await uow.webhooks.add(replace(event, location="south-dc"))
            assert await uow.webhooks.get("north-dc", "e1") == event
            await uow.webhooks.processed("north-dc", "e1")
            assert await uow.webhooks.get("north-dc", "e1") == replace(event, processed=True)
            assert await uow.webhooks.get("south-dc", "e1") == replace(event, location="south-dc")
            assert await uow.webhooks.get("north-dc", "e2") is None
            await uow.commit()
        async with core.begin("bolt") as uow:
            assert await uow.webhooks.get("north-dc", "e1") is None
            assert await uow.webhooks.add(event)

    async def test_audit_is_kept_in_order(self, core: CoreStore) -> None:
        """By subject, oldest first, of one's own tenant."""
        entries = [
            AuditEntry(at=records.T0, actor="crd_1", action=action, subject="till/1", note=action.upper())
            for action in ("put", "key", "retire")
        ]
        async with core.begin("acme") as uow:
            for entry in entries:
                await uow.audit.add(entry)
            await uow.audit.add(replace(entries[0], subject="till/2"))
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.audit.of("till/1") == entries
        async with core.read("bolt") as uow:
            assert await uow.audit.of("till/1") == []
