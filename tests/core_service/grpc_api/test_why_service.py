"""WhyService's promise, over the wire: any record's whole story, oldest first, and nobody else's."""

from __future__ import annotations

from adapters.canonical.key import derived_id
from tests.core_service.grpc_api.oms import RIVAL, Client, new_order, open_api
from tests.core_service.shop import TENANT
from tests.fakes.script_dialect import Line, script
from tillstream.oms.v1 import exception_service_pb2, stock_service_pb2
from tillstream.oms.v1 import why_service_pb2 as wire


async def explain(client: Client, record_id: str) -> wire.ExplainRecordResponse:
    """Ask why."""
    answer: wire.ExplainRecordResponse = await client.ask(
        client.why.ExplainRecord, wire.ExplainRecordRequest(record_id=record_id)
    )
    return answer


async def test_an_orders_story_tells_its_routing_with_the_alternatives() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await shop.receive("wh-east", "MUG", "5")
        order = (await client.ask(client.orders.CreateOrder, new_order("1"))).order
        told = await explain(client, order.order_id)
        assert told.kind == "order"
        assert [step.stage for step in told.steps] == ["received", "routed"]
        assert any("wh-east" in name for name in told.steps[1].details), "each alternative with its cost"
        times = [step.time.ToMilliseconds() for step in told.steps]
        assert times == sorted(times)


async def test_a_sale_is_explained_by_its_id_and_by_the_tills_receipt() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        [verdict] = await shop.send(shop.agent("north").journal(script("sale", "1", [Line("MUG", "1")])))
        told = await explain(client, verdict.record_id)
        assert told.kind == "sale"
        assert {"received", "settled", "read", "moved"} <= {step.stage for step in told.steps}
        receipt = shop.agent("north").entries[0].content.receipt_id
        assert await explain(client, receipt) == told


async def test_an_exception_is_explained() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await shop.send(shop.agent("north").journal(script("sale", "1", [Line("VASE", "1")])))
        page = await client.ask(
            client.exceptions.ListExceptions, exception_service_pb2.ListExceptionsRequest(page_size=1)
        )
        told = await explain(client, page.exceptions[0].exception_id)
        assert told.kind == "exception"
        assert any("SKU_UNKNOWN" in step.details.values() for step in told.steps)


async def test_a_booking_of_stock_is_explained_with_who_asked_for_it() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        item = stock_service_pb2.StockItem(sku="MUG", quantity="1")
        request = stock_service_pb2.ReceiveStockRequest(
            request_id="1", location="wh-east", items=[item], reference="DN-7"
        )
        await client.ask(client.stock.ReceiveStock, request)
        told = await explain(client, derived_id("rcv", TENANT, client.credential.credential, "1"))
        assert told.kind == "booking"
        assert [step.stage for step in told.steps] == ["booked", "moved"]
        assert "DN-7" in told.steps[0].sentence


async def test_no_tenant_is_told_anothers_story() -> None:
    async with open_api() as (shop, api):
        client, rival = await api.client(), await api.client(RIVAL)
        order = (await client.ask(client.orders.CreateOrder, new_order("1"))).order
        await shop.send(shop.agent("north").journal(script("sale", "1", [Line("MUG", "1")])))
        receipt = shop.agent("north").entries[0].content.receipt_id
        await explain(client, receipt)
        for name in (order.order_id, receipt):
            request = wire.ExplainRecordRequest(record_id=name)
            assert (await rival.refusal(rival.why.ExplainRecord, request))[1] == "NOT_FOUND"


async def test_an_id_is_needed() -> None:
    async with open_api() as (_, api):
        client = await api.client()
        refusal = await client.refusal(client.why.ExplainRecord, wire.ExplainRecordRequest())
        assert refusal == ("INVALID_ARGUMENT", "FIELD_MISSING", "record_id")
        for name in ("rcv_x", "ord_x", "sal_x", "exc_x", "x", "_"):
            refusal = await client.refusal(client.why.ExplainRecord, wire.ExplainRecordRequest(record_id=name))
            assert refusal == ("NOT_FOUND", "NOT_FOUND", "record_id")
