"""The agent's figures: a folder on the disk in question in, one line a budget out."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from adapters.seams.clock import SystemClock
from bench.load import Rate, get, post, press
from bench.server import KEY, SKUS, hear, prepare
from edge_agent.app import real_seams
from edge_agent.field.doctor import fsync_seconds

IN_FLIGHT = 16
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: what was measured, and its budget. `met` is None where there is none."""

    name: str
    value: str
    budget: str = ""
    met: bool | None = None


def figures(folder: Path, seconds: float) -> Iterator[Figure]:
    """Measure everything, one after another, nothing side by side."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    yield Figure(name="what else runs here, per core", value=f"{load:.2f}", budget="<= 0.3", met=load <= 0.3)
    sync = fsync_seconds(folder, SystemClock()) * 1000
    yield Figure(name="fsync of this filesystem, median", value=f"{sync:.2f} ms")
    yield from _starting(folder / "start")
    yield from _serving(folder / "serve", seconds)


def _starting(folder: Path) -> Iterator[Figure]:
    shown = median(_timed([sys.executable, "-m", "edge_agent", "--help"]) for _ in range(7))
    yield Figure(name="edge-agent --help", value=f"{shown * 1000:.0f} ms", budget="<= 150 ms", met=shown <= 0.15)
    settings = prepare(folder)
    asyncio.run(hear(settings, real_seams()))
    starts = []
    memory = 0.0
    for _ in range(3):
        with _agent(folder) as (process, port, began):
            starts.append(_ready(port) - began)
            time.sleep(3)
            memory = _rss(process.pid)
    ready = median(starts)
    yield Figure(
        name="ready after start, enrolled", value=f"{ready * 1000:.0f} ms", budget="<= 500 ms", met=ready <= 0.5
    )
    yield Figure(name="idle memory, REST, gRPC loaded", value=f"{memory:.1f} MB", budget="<= 70 MB", met=memory <= 70)


def _serving(folder: Path, seconds: float) -> Iterator[Figure]:
    process = subprocess.Popen([sys.executable, "-m", "bench.server", str(folder)], env=_environment())
    try:
        port = _port(folder)
        _ready(port)
        yield from asyncio.run(_pressed(port, seconds))
        yield Figure(name="memory after the load", value=f"{_rss(process.pid):.1f} MB")
    finally:
        process.terminate()
        process.wait(15)


async def _pressed(port: int, seconds: float) -> list[Figure]:
    """Take turns, so that what else the machine does falls on both sides."""
    sales = (sale for sale in _sales())
    kinds = {
        "noop POST": lambda: itertools.repeat(post("/noop", _sale(0), KEY)),
        "accept": lambda: sales,
        "noop GET": lambda: itertools.repeat(get("/noop/SKU-1", KEY)),
        "lookup": _lookups,
    }
    await press(port, _every_sku, seconds, 1)
    for make in kinds.values():
        await press(port, make, 0.5, IN_FLIGHT)
    seen: dict[str, list[Rate]] = {name: [] for name in kinds}
    for _ in range(4):
        for name, make in kinds.items():
            seen[name].append(await press(port, make, seconds / 16, IN_FLIGHT))
    rates = {name: median(rate.per_second for rate in found) for name, found in seen.items()}
    p99 = {name: median(rate.p99 for rate in found) for name, found in seen.items()}
    refused = sum(rate.refused for found in seen.values() for rate in found)
    accept, lookup = rates["accept"] / rates["noop POST"], rates["lookup"] / rates["noop GET"]
    return [
        Figure(name="no-op POST, 16 in flight", value=f"{rates['noop POST']:,.0f}/s"),
        Figure(name="durable accept, 3-line sale", value=f"{rates['accept']:,.0f}/s"),
        Figure(name="  against the no-op", value=f"{accept:.2f}", budget=">= 0.5", met=accept >= 0.5),
        Figure(name="  p99", value=f"{p99['accept']:.1f} ms", budget="<= 20 ms", met=p99["accept"] <= 20),
        Figure(name="no-op GET, 16 in flight", value=f"{rates['noop GET']:,.0f}/s"),
        Figure(name="stock lookup", value=f"{rates['lookup']:,.0f}/s"),
        Figure(name="  against the no-op", value=f"{lookup:.2f}", budget=">= 0.7", met=lookup >= 0.7),
        Figure(name="  p99", value=f"{p99['lookup']:.1f} ms", budget="<= 5 ms", met=p99["lookup"] <= 5),
        Figure(name="requests refused", value=str(refused), budget="0", met=refused == 0),
    ]


def _sales() -> Iterator[bytes]:
    for number in itertools.count(1):
        yield post("/v1/sales", _sale(number), KEY)


def _sale(number: int) -> bytes:
    chance = random.Random(number)
    lines = [
        {
            "item": f"SKU-{chance.randrange(SKUS)}",
            "quantity": "1",
            "unit_price": "4.50",
            "total": "4.50",
            "description": "An item",
        }
        for _ in range(3)
    ]
    sale = {
        "type": "sale",
        "receipt_number": str(number),
        "business_day": "2026-01-05",
        "sold_at": "2026-01-05T10:00:00+00:00",
        "currency": "GBP",
        "lines": lines,
        "tenders": [{"kind": "card", "amount": "13.50"}],
        "total": "13.50",
    }
    return json.dumps(sale).encode()


def _every_sku() -> Iterator[bytes]:
    """Ask for each SKU once, so that what is measured is the running agent and not its first minute."""
    for first in range(0, SKUS, 100):
        asked = "&".join(f"sku=SKU-{number}" for number in range(first, first + 100))
        yield get(f"/v1/stock?{asked}", KEY)


def _lookups() -> Iterator[bytes]:
    chance = random.Random(7)
    while True:
        yield get(f"/v1/stock/SKU-{chance.randrange(SKUS)}", KEY)


@contextmanager
def _agent(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    (folder / "agent.address").unlink(missing_ok=True)
    settings = {
        "TILLSTREAM_EDGE_DATA_DIR": f'"{folder}"',
        "TILLSTREAM_EDGE_REST__PORT": "0",
        "TILLSTREAM_EDGE_LOG_LEVEL": "error",
    }
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "edge_agent", "run"], env=_environment() | settings)
    try:
        yield process, _port(folder), began
    finally:
        process.terminate()
        process.wait(15)


def _port(folder: Path) -> int:
    until = time.perf_counter() + 20
    while time.perf_counter() < until:
        try:
            return int(json.loads((folder / "agent.address").read_text("ascii"))["port"])
        except (OSError, ValueError):
            time.sleep(0.002)
    raise TimeoutError("the agent did not start within 20 seconds")


def _ready(port: int) -> float:
    until = time.perf_counter() + 20
    while time.perf_counter() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.client.OK:
                return time.perf_counter()
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.002)
    raise TimeoutError("the agent was not ready within 20 seconds")


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=_environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _rss(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "proto")])}
