"""Questions that are made to fill the memory: long addresses and names that stand for nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_agent.intake.http_protocol import LARGEST_HEADERS
from tests.edge_agent.intake.shop import Shop, opened
from tests.eventually import deadline


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with opened(tmp_path) as running:
        yield running


async def test_names_longer_than_any_sku_are_unknown_and_not_remembered(shop: Shop):
    """The cache remembers twenty thousand answers; at sixty kilobytes a name that would be more than a gigabyte."""
    for number in range(100):
        name = f"{number}-" + "x" * 10_000
        assert (await shop.get(f"/v1/stock/{name}")).status_code == 404
        told = (await shop.get("/v1/stock", sku=[name, "MUG"])).json()
        assert (told["unknown"], [level["sku"] for level in told["levels"]]) == ([name], ["MUG"])
    assert sum(sys.getsizeof(name) for name in shop.cache._names._values) < 10_000


@pytest.mark.parametrize("length", [1, 127, 128])
async def test_the_longest_names_that_the_core_takes_are_asked_for(shop: Shop, length: int):
    answer = await shop.get("/v1/stock/" + "y" * length)
    assert (answer.status_code, answer.json()["reason"]) == (404, "SKU_UNKNOWN")


async def test_an_endless_address_is_refused_before_it_is_read(shop: Shop):
    host, _, port = shop.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /v1/stock/" + b"x" * LARGEST_HEADERS + b" HTTP/1.1\r\nHost: agent\r\n\r\n")
    async with deadline(5, "the refusal"):
        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
    writer.close()
