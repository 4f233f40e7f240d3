"""ExceptionService's promises, over the wire: what was parked is listed, shown masked, and booked once it can be."""

from __future__ import annotations

from typing import Any

from core_service.domain.setup import Scope
from tests.core_service.grpc_api.oms import RIVAL, Client, open_api
from tests.core_service.shop import TENANT, Shop
from tests.fakes.script_dialect import Line, script
from tillstream.oms.v1 import exception_service_pb2 as wire


async def park(shop: Shop, *items: str) -> list[bytes]:
    """Send a sale of each item, which no SKU is called; return the messages."""
    raws = [script("sale", f"S-{item}", [Line(item, "1")]) for item in items]
    agent = shop.agent("north")
    for raw in raws:
        await shop.send(agent.journal(raw))
        shop.clock.advance(1)
    return raws


async def listed(client: Client, **query: Any) -> list[wire.Exception]:
    """Return all exceptions, page by page."""
    found: list[wire.Exception] = []
    token = ""
    while True:
        request = wire.ListExceptionsRequest(page_token=token, **query)
        page = await client.ask(client.exceptions.ListExceptions, request)
        found.extend(page.exceptions)
        token = page.next_page_token
        if not token:
            return found


async def test_what_could_not_be_booked_is_listed_oldest_first_with_its_reason_and_owner() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await park(shop, "VASE", "LAMP", "RUG")
        found = await listed(client, page_size=2)
        assert [exception.reference for exception in found] == ["S-VASE", "S-LAMP", "S-RUG"]
        exception = found[0]
        assert exception.reason == "SKU_UNKNOWN"
        assert "VASE" in exception.sentence
        assert exception.owner
        assert exception.status == wire.EXCEPTION_STATUS_OPEN
        assert exception.source == "store/north/1"
        assert exception.dialect == "script 2"
        assert len(await listed(client, reason="SKU_UNKNOWN", status=wire.EXCEPTION_STATUS_OPEN)) == 3
        assert await listed(client, reason="FORK") == []
        assert await listed(client, status=wire.EXCEPTION_STATUS_RESOLVED) == []


async def test_one_is_shown_with_its_message_as_it_came() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        [raw] = await park(shop, "VASE")
        [exception] = await listed(client)
        request = wire.GetExceptionRequest(exception_id=exception.exception_id)
        shown = await client.ask(client.exceptions.GetException, request)
        assert shown.exception == exception
        assert shown.raw == raw


async def test_a_replay_books_it_once_its_cause_is_gone_and_once_only() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await park(shop, "VASE")
        [exception] = await listed(client)
        request = wire.ReplayExceptionRequest(exception_id=exception.exception_id)
        still = await client.ask(client.exceptions.ReplayException, request)
        assert still.record_id == ""
        assert still.exception.status == wire.EXCEPTION_STATUS_OPEN
        assert still.exception.replays == 1
        await shop.put_sku("VASE")
        done = await client.ask(client.exceptions.ReplayException, request)
        assert done.exception.status == wire.EXCEPTION_STATUS_RESOLVED
        assert done.record_id.startswith("sal_")
        again = await client.ask(client.exceptions.ReplayException, request)
        assert again == done
        assert (await shop.position("north", "VASE")).on_hand == -1
        await shop.sound()


async def test_wrong_queries_are_refused_by_name() -> None:
    async with open_api() as (shop, api):
        client = await api.client()
        await park(shop, "VASE", "LAMP")
        page = await client.ask(client.exceptions.ListExceptions, wire.ListExceptionsRequest(page_size=1))
        token = page.next_page_token
        for query, reason, path in (
            ({"page_size": 501}, "FIELD_INVALID", "page_size"),
            ({"page_size": -1}, "FIELD_INVALID", "page_size"),
            ({"reason": "BAD_LUCK"}, "FIELD_INVALID", "reason"),
            ({"reason": "a\0"}, "TEXT_NOT_STORABLE", "reason"),
            ({"status": 9}, "FIELD_INVALID", "status"),
            ({"page_token": token, "reason": "FORK"}, "PAGE_TOKEN_INVALID", "page_token"),
            ({"page_token": "x"}, "PAGE_TOKEN_INVALID", "page_token"),
        ):
            request = wire.ListExceptionsRequest(**query)
            assert (await client.refusal(client.exceptions.ListExceptions, request))[1:] == (reason, path)
        for method, kind in (
            (client.exceptions.GetException, wire.GetExceptionRequest),
            (client.exceptions.ReplayException, wire.ReplayExceptionRequest),
        ):
            missing = await client.refusal(method, kind())
            assert missing == ("INVALID_ARGUMENT", "FIELD_MISSING", "exception_id")
            unknown = await client.refusal(method, kind(exception_id="exc_x"))
            assert unknown == ("NOT_FOUND", "NOT_FOUND", "exception_id")


async def test_no_tenant_sees_reads_or_replays_anothers_exceptions() -> None:
    async with open_api() as (shop, api):
        client, rival = await api.client(), await api.client(RIVAL)
        await park(shop, "VASE")
        await shop.put_sku("VASE")
        [exception] = await listed(client)
        assert await listed(rival) == []
        name = exception.exception_id
        for method, request in (
            (rival.exceptions.GetException, wire.GetExceptionRequest(exception_id=name)),
            (rival.exceptions.ReplayException, wire.ReplayExceptionRequest(exception_id=name)),
        ):
            assert (await rival.refusal(method, request))[1] == "NOT_FOUND"
        assert await listed(client) == [exception]


async def test_a_replay_needs_the_scope_to_write() -> None:
    async with open_api() as (shop, api):
        await park(shop, "VASE")
        reader = await api.client(TENANT, Scope.EXCEPTIONS_READ)
        [exception] = await listed(reader)
        request = wire.ReplayExceptionRequest(exception_id=exception.exception_id)
        assert (await reader.refusal(reader.exceptions.ReplayException, request))[1] == "SCOPE_MISSING"
