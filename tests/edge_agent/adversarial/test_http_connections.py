"""Connections that are made, held and left in every odd way: whole requests are answered, and nobody keeps a place by saying nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.intake.http_protocol import MOST_PIPELINED
from edge_agent.intake.settings import RestSettings
from tests.edge_agent.intake.shop import KEY, Shop, opened, sale
from tests.eventually import deadline, eventually

BRISK = RestSettings(port=0, idle_seconds=1.0, header_seconds=1.0, body_seconds=1.0, drain_seconds=1)
OFFER = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with opened(tmp_path, settings=BRISK) as running:
        yield running


def request(number: str, *headers: str, key: str = KEY, length: int | None = None) -> bytes:
    body = json.dumps(sale(number)).encode()
    lines = (
        "POST /v1/sales HTTP/1.1",
        "Host: agent",
        "Content-Type: application/json",
        f"Authorization: Bearer {key}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def connect(shop: Shop) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = shop.url.removeprefix("http://").rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the status and body of the next answer."""
    async with deadline(5, "an answer"):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        return int(head.split()[1]), await reader.readexactly(length)


async def exchanged(shop: Shop, pieces: Sequence[bytes], answers: int) -> list[int]:
    reader, writer = await connect(shop)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    statuses = [(await answer(reader))[0] for _ in range(answers)]
    writer.close()
    return statuses


async def closed(reader: asyncio.StreamReader) -> None:
    async with deadline(6, "the agent to close the connection"):
        await reader.read()


@pytest.mark.parametrize("offer", [OFFER, ("Connection: upgrade", "Upgrade: websocket")])
async def test_a_sale_with_an_offer_of_another_protocol_is_taken_over_http_1(shop: Shop, offer: tuple[str, ...]):
    """Java's client makes this offer with every request on a plain connection."""
    assert await exchanged(shop, [request("1", *offer), request("2", *offer), request("3")], 3) == [201, 201, 201]
    assert len(await shop.entries()) == 3


async def test_an_offer_in_a_chunked_request_is_declined_too(shop: Shop):
    body = json.dumps(sale("1")).encode()
    head = request("1", *OFFER).partition(b"\r\n\r\n")[0].rpartition(b"\r\nContent-Length")[0]
    chunked = head + b"\r\n%s\r\n%s\r\nTransfer-Encoding: chunked\r\n\r\n" % (OFFER[0].encode(), OFFER[1].encode())
    assert await exchanged(shop, [chunked, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), request("2")], 2) == [201, 201]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(min_value=1, max_value=1500), max_size=4),
    offers=st.lists(st.booleans(), min_size=3, max_size=3),
)
async def test_requests_are_understood_wherever_the_network_cuts_them(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], offers: list[bool]
):
    async with opened(tmp_path_factory.mktemp("shop"), settings=BRISK) as shop:
        whole = b"".join(request(str(number), *(OFFER if offer else ())) for number, offer in enumerate(offers))
        places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
        pieces = [whole[start:end] for start, end in pairwise(places)]
        assert await exchanged(shop, pieces, 3) == [201, 201, 201]
        assert len(await shop.entries()) == 3


async def test_a_till_that_says_at_once_that_it_sends_no_more_gets_its_receipt(shop: Shop):
    reader, writer = await connect(shop)
    writer.write(request("1"))
    writer.write_eof()
    status, body = await answer(reader)
    assert (status, json.loads(body)["first"]) == (201, True)
    await closed(reader)
    writer.close()


async def test_a_body_cut_by_the_end_of_the_connection_is_not_a_sale(shop: Shop):
    reader, writer = await connect(shop)
    writer.write(request("1", length=5_000))
    writer.write_eof()
    await closed(reader)
    await eventually(lambda: shop.doorway.in_flight == 0)
    assert await shop.entries() == []
    writer.close()


async def test_a_stray_line_end_after_a_sale_does_not_hold_the_connection_for_ever(shop: Shop):
    reader, writer = await connect(shop)
    writer.write(request("1"))
    assert (await answer(reader))[0] == 201
    writer.write(b"\r\n")
    await closed(reader)
    await eventually(lambda: shop.server.connections == 0)
    writer.close()


async def test_the_rest_of_a_refused_body_does_not_hold_the_connection_for_ever(shop: Shop):
    reader, writer = await connect(shop)
    writer.write(request("1", key="tst_nobody", length=1_000_000))
    assert (await answer(reader))[0] == 401
    dripping = asyncio.create_task(_drip(writer))
    await closed(reader)
    dripping.cancel()
    writer.close()
    await eventually(lambda: shop.server.connections == 0)


async def test_a_client_that_never_reads_its_answers_gives_its_place_up(shop: Shop):
    host, _, port = shop.url.removeprefix("http://").rpartition(":")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    await asyncio.get_running_loop().sock_connect(deaf, (host, int(port)))
    pushing = asyncio.create_task(_push(deaf))
    await eventually(lambda: shop.doorway.in_flight == 1)
    await eventually(lambda: shop.server.connections == 0, within=10)
    await eventually(lambda: shop.doorway.in_flight == 0)
    pushing.cancel()
    deaf.close()
    assert (await shop.post("/v1/sales", sale())).status_code == 201


@pytest.mark.parametrize("rest", [b"\x00\x01\x02\r\n\r\n", b"}}\r\n", b"POST /v1/sales\r\n\r\n"])
async def test_garbage_behind_a_sale_is_not_answered_in_the_sales_place(shop: Shop, rest: bytes):
    """The sale was accepted; a 400 would be taken for its answer."""
    reader, writer = await connect(shop)
    writer.write(request("1") + rest)
    status, body = await answer(reader)
    assert (status, json.loads(body)["first"]) == (201, True)
    await closed(reader)
    writer.close()


async def test_requests_sent_without_waiting_for_answers_do_not_fill_the_memory(shop: Shop):
    """The connection is cut; all two hundred thousand would be held at once otherwise."""
    reader, writer = await connect(shop)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: agent\r\n\r\n" * 200_000)
    async with deadline(10, "the agent to cut the connection"):
        with suppress(ConnectionError):
            assert (await reader.read()).count(b"HTTP/1.1 200 OK") <= 2 * MOST_PIPELINED
    writer.close()
    assert await exchanged(shop, [request(str(number)) for number in range(20)], 20) == [201] * 20


async def test_a_connection_that_is_used_stays_open(shop: Shop):
    """The idle deadline begins anew with each request, also while the next one arrives slowly."""
    reader, writer = await connect(shop)
    for number in range(4):
        whole = request(str(number))
        writer.write(whole[:40])
        await asyncio.sleep(0.6)  # smell: sleep - a request that arrives slowly is what is tested
        writer.write(whole[40:])
        assert (await answer(reader))[0] == 201
    writer.close()


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.2)


async def _push(deaf: socket.socket) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(
            deaf, b"GET /openapi.json HTTP/1.1\r\nHost: agent\r\nX: %s\r\n\r\n" % (b"y" * 8000)
        )
