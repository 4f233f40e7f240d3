"""Promises of adapters/wms/generic_rest, against the sandbox warehouse over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
import uvicorn

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.wms.contract import WarehouseStatus, WarehouseSystem
from adapters.wms.generic_rest.codec import read_event
from adapters.wms.registry import warehouse_system
from demo.wms_sandbox import Warehouse, application
from tests.contracts.wms import WarehouseSystemContract, request

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


@pytest.fixture
async def served() -> AsyncIterator[tuple[Warehouse, int]]:
    """A sandbox warehouse on a free port."""
    warehouse = Warehouse(webhook_url="http://127.0.0.1:9/", secret=SECRET, step_seconds=0)
    server = uvicorn.Server(
        uvicorn.Config(application(warehouse), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    yield warehouse, server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


class TestGenericRest(WarehouseSystemContract):
    """The contract, and what is this adapter's own."""

    @pytest.fixture
    def warehouse(self, served: tuple[Warehouse, int]) -> Warehouse:
        """The sandbox's state."""
        return served[0]

    @pytest.fixture
    async def system(self, served: tuple[Warehouse, int]) -> AsyncIterator[WarehouseSystem]:
        """The adapter, through a client with a deadline."""
        async with httpx2.AsyncClient(timeout=1) as client:
            yield warehouse_system(client, f"http://127.0.0.1:{served[1]}/", SECRET)

    async def test_nobody_at_the_address_is_transient(self) -> None:
        """A warehouse that is down is tried again."""
        async with httpx2.AsyncClient(timeout=1) as client:
            with pytest.raises(Transient):
                await warehouse_system(client, "http://127.0.0.1:9", SECRET).dispatch(request())

    async def test_a_page_of_html_is_no_acceptance(self) -> None:
        """A captive portal answers 200 to everything (faults row 6)."""
        portal = httpx2.MockTransport(lambda _: httpx2.Response(200, html="<h1>Sign in</h1>"))
        async with httpx2.AsyncClient(transport=portal) as client:
            with pytest.raises(Permanent) as refused:
                await warehouse_system(client, "http://wms.example", SECRET).dispatch(request())
        assert refused.value.reason is Reason.WMS_ANSWER_INVALID


def event(**changes: object) -> bytes:
    """Return an event with some fields changed."""
    fields = {
        "type": "shipped",
        "dispatch_id": "dsp_abc_1",
        "occurred_at": "2026-01-05T10:00:00Z",
        "tracking_number": "T1",
    }
    return json.dumps(fields | changes).encode()


def test_an_event_is_read() -> None:
    """Type, dispatch, time and tracking number."""
    read = read_event(event())
    assert (read.status, read.dispatch_id, read.tracking_number) == (WarehouseStatus.SHIPPED, "dsp_abc_1", "T1")
    assert read.occurred_at == datetime(2026, 1, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [event(type="lost"), event(occurred_at="2026-01-05T10:00:00"), event(dispatch_id=None), b"[]", b"", b'{"type":NaN}',
     b"[" * 100_000, b'{"type":"picked","type":"shipped"}'],
)  # fmt: skip
def test_an_event_that_cannot_be_understood_is_refused_with_a_reason(raw: bytes) -> None:
    """Never a crash, never a guess."""
    with pytest.raises(Permanent):
        read_event(raw)
