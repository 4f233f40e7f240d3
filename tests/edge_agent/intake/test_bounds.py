"""What the doors bear: slow bodies and headers, too many at once, a full journal, a failing disk, a stop under load."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from edge_agent.intake.settings import RestSettings
from tests.edge_agent.intake.shop import KEY, Shop, opened, sale
from tests.eventually import deadline, eventually


async def raw_request(shop: Shop, data: bytes) -> bytes:
    """Send bytes on a connection of their own and return all that comes back until it is closed."""
    reader, writer = await connect(shop)
    writer.write(data)
    async with deadline(10, "the server to close the connection"):
        answer = await reader.read()
    writer.close()
    return answer


async def connect(shop: Shop) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = shop.url.removeprefix("http://").rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def flood(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"y" * 65_536)
        await writer.drain()


def request(body: bytes, length: int | None = None, extra: bytes = b"") -> bytes:
    head = b"POST /v1/sales HTTP/1.1\r\nHost: agent\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n%sContent-Length: %d\r\n\r\n"
    return head % (KEY.encode(), extra, len(body) if length is None else length) + body


async def test_a_body_that_does_not_come_is_given_up(tmp_path: Path):
    async with opened(tmp_path, settings=RestSettings(port=0, body_seconds=0.2)) as shop:
        answer = await raw_request(shop, request(b'{"receipt_', 5000))
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"BODY_TIMEOUT"' in answer
        assert await shop.entries() == []


async def test_a_till_that_asks_first_is_told_before_it_sends_too_much(shop: Shop):
    answer = await raw_request(shop, request(b"", 400_000, b"Expect: 100-continue\r\n"))
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_headers_that_do_not_end_are_given_up(tmp_path: Path):
    async with opened(tmp_path, settings=RestSettings(port=0, header_seconds=0.2)) as shop:
        assert await raw_request(shop, b"POST /v1/sales HTTP/1.1\r\nX-Slow: ") == b""
        assert await raw_request(shop, b"") == b""
        assert (await shop.post("/v1/sales", sale())).status_code == 201


async def test_headers_without_an_end_do_not_fill_the_memory(shop: Shop):
    many = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(40))
    assert (await raw_request(shop, b"GET /healthz HTTP/1.1\r\n" + many)).startswith(b"HTTP/1.1 431 ")
    _, writer = await connect(shop)
    writer.write(b"GET /healthz HTTP/1.1\r\nX-One: ")
    async with deadline(10, "the server to cut an endless header"):
        with pytest.raises(ConnectionError):
            await flood(writer)
    writer.close()


async def test_what_is_no_http_is_refused_and_others_are_served(shop: Shop):
    answer = await raw_request(shop, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert (await shop.post("/v1/sales", sale())).status_code == 201


async def test_too_many_requests_at_once_are_told_to_come_again(tmp_path: Path):
    async with opened(tmp_path, settings=RestSettings(port=0, max_requests=2)) as shop:
        release = asyncio.Event()
        shop.failpoints.arm("intake.before_append", _waiting(release))
        waiting = [asyncio.create_task(shop.post("/v1/sales", sale(str(number)))) for number in range(2)]
        await eventually(lambda: shop.doorway.in_flight == 2)
        refused = await shop.post("/v1/sales", sale("3"))
        assert (refused.status_code, refused.json()["reason"]) == (503, "OVERLOADED")
        assert refused.headers["retry-after"] == "1"
        assert (await shop.client.get("/healthz")).status_code == 200
        release.set()
        assert [(await task).status_code for task in waiting] == [201, 201]


async def test_too_many_connections_are_refused(tmp_path: Path):
    async with opened(tmp_path, settings=RestSettings(port=0, max_connections=3)) as shop:
        held = [await connect(shop) for _ in range(3)]
        assert (await raw_request(shop, request(b"{}"))).startswith(b"HTTP/1.1 503 ")
        for _, writer in held:
            writer.close()
        await eventually(lambda: shop.server.connections == 0)
        assert (await shop.post("/v1/sales", sale())).status_code == 201


async def test_fault_014_a_full_journal_refuses_clearly_and_keeps_answering(tmp_path: Path):
    async with opened(tmp_path, disk_budget=8_000) as shop:
        codes = [(await shop.post("/v1/sales", sale(str(number)))).status_code for number in range(12)]
        assert codes[0] == 201
        assert codes[-1] == 503
        accepted = codes.count(201)
        refused = await shop.post("/v1/sales", sale("again"))
        assert refused.json()["reason"] == "DISK_BUDGET_EXHAUSTED"
        assert "Not accepted" in refused.json()["detail"]
        assert int(refused.headers["retry-after"]) >= 1
        assert len(await shop.entries()) == accepted
        assert (await shop.get("/v1/stock/MUG")).status_code == 200


async def test_a_defect_of_ours_is_no_receipt_and_tells_nothing(shop: Shop):
    async def fail() -> None:
        raise RuntimeError("4111111111111111 in the works")

    shop.failpoints.arm("intake.before_append", fail)
    answer = await shop.post("/v1/sales", sale())
    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")
    assert "4111" not in answer.text
    assert await shop.entries() == []


async def test_fault_025_a_stop_finishes_what_is_under_way_and_takes_no_more(shop: Shop):
    release = asyncio.Event()
    shop.failpoints.arm("intake.before_append", _waiting(release))
    reader, writer = await connect(shop)
    writer.write(request(json.dumps(sale()).encode()))
    await eventually(lambda: shop.doorway.in_flight == 1)
    shop.server.stop()
    await eventually(lambda: _refused(shop))
    release.set()
    async with deadline(10, "the answer of the request under way"):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 201 ")
    writer.close()


async def test_requests_one_after_another_on_one_connection_are_all_answered(shop: Shop):
    reader, writer = await connect(shop)
    writer.write(b"".join(request(json.dumps(sale(str(number))).encode()) for number in range(5)))
    for _ in range(5):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 ")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


def _waiting(release: asyncio.Event):  # noqa: ANN202
    async def wait() -> None:
        await release.wait()

    return wait


async def _refused(shop: Shop) -> bool:
    try:
        _, writer = await connect(shop)
    except OSError:
        return True
    writer.close()
    return False
