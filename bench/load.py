"""Load on one HTTP server: a request maker and so many connections in, rate and latencies out; raw sockets, so that the client is not measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What came of a phase. Latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float
    refused: int


async def press(port: int, make: Callable[[], Iterator[bytes]], seconds: float, connections: int) -> Rate:
    """Send requests over so many connections, each waiting for its answer, for so many seconds."""
    latencies: list[float] = []
    refused = 0
    until = time.perf_counter() + seconds

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        failed = 0
        for request in make():
            started = time.perf_counter()
            if started >= until:
                break
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            latencies.append(time.perf_counter() - started)
            failed += head[9:10] != b"2"
        writer.close()
        return failed

    began = time.perf_counter()
    refused = sum(await asyncio.gather(*(one() for _ in range(connections))))
    elapsed = time.perf_counter() - began
    latencies.sort()
    return Rate(
        per_second=len(latencies) / elapsed,
        p50=latencies[len(latencies) // 2] * 1000,
        p99=latencies[int(len(latencies) * 0.99)] * 1000,
        refused=refused,
    )


def post(path: str, body: bytes, key: str) -> bytes:
    """Return a POST request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: agent\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def get(path: str, key: str) -> bytes:
    """Return a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: agent\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    return int(lower[at : lower.index(b"\r\n", at)])
