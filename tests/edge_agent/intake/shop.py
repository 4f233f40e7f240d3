"""A store's doors on real parts: a folder in, a journal, a cache that has heard the core, and a server on a free port out."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from adapters.card_numbers import masked_text
from adapters.pos.registry import dialect
from adapters.seams.clock import SystemClock
from adapters.seams.failpoint import ArmedFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.telemetry.metrics import PrometheusTelemetry
from edge_agent.cache.schema import CACHE_SCHEMA
from edge_agent.cache.store import JournalView, SqliteCache
from edge_agent.database import Database, DatabaseOptions
from edge_agent.executor import ThreadExecutor
from edge_agent.intake.acceptance import Acceptance, AcceptanceParts
from edge_agent.intake.doorway import DoorwaySeams
from edge_agent.intake.rejections import Rejections, RejectionSeams
from edge_agent.intake.rest import RestParts, application
from edge_agent.intake.server import RestServer
from edge_agent.intake.settings import RestSettings
from edge_agent.intake.sign_in import SignIn
from edge_agent.journal import movements
from edge_agent.journal.schema import JOURNAL_SCHEMA
from edge_agent.journal.store import JournalOptions, SqliteJournal
from edge_agent.ports import CachedLevel, CachedOrder, CachedSku, CachedTill, Revision
from edge_agent.till.lookup import Lookup
from tests.edge_agent.intake.documented import documented
from tests.eventually import deadline

STORE = "leeds"
KEY = "tst_till-1-key-0123456789abcdef"
SQUARE_KEY = "tst_square-key-0123456789abcdef"
RETIRED_KEY = "tst_retired-key-0123456789abcdef"
WEBHOOK_SECRET = "square-signature-key"
WEBHOOK_URL = "https://agent.example/v1/webhooks/sq-1"
VIEW = JournalView(
    head=movements.head,
    epoch_order=movements.epoch_order,
    moved_after=movements.moved_after,
    taken_transfers=movements.taken_transfers,
)


def sale(number: str = "1001", **changes: Any) -> dict[str, Any]:
    """Return a plain sale of three lines."""
    return {
        "type": "sale",
        "receipt_number": number,
        "business_day": "2026-01-05",
        "sold_at": "2026-01-05T10:00:00+00:00",
        "currency": "GBP",
        "lines": [
            {"item": "MUG", "quantity": "2", "unit_price": "8.50", "total": "17.00"},
            {"item": "4006381333931", "quantity": "1", "unit_price": "2.00", "total": "2.00"},
            {"item": "tea-alias", "quantity": 3, "unit_price": "1.00", "total": "3.00"},
        ],
        "tenders": [{"kind": "card", "amount": "22.00"}],
        "total": "22.00",
        **changes,
    }


def till(name: str, key: str, *, speaks: str = "plain", retired: bool = False) -> CachedTill:
    """Return a till as the core would have told about it."""
    vendor = speaks == "square"
    return CachedTill(
        till=name,
        dialect=speaks,
        api_key_hashes=(hashlib.sha256(key.encode()).digest(),),
        webhook_secret=WEBHOOK_SECRET if vendor else "",
        webhook_url=WEBHOOK_URL if vendor else "",
        retired=retired,
        currency="GBP" if not vendor else "USD",
        time_zone="Europe/London",
        closing_time=time(4, 0),
    )


@dataclass(kw_only=True)
class Shop:
    """The running doors. `restart` is not needed here: the journal's own tests do that."""

    folder: Path
    settings: RestSettings = field(default_factory=lambda: RestSettings(port=0, drain_seconds=2))
    disk_budget: int = 64 * 1024 * 1024
    heard: bool = True
    telemetry: PrometheusTelemetry = field(default_factory=lambda: PrometheusTelemetry("tillstream_edge"))
    failpoints: ArmedFailpoints = field(default_factory=ArmedFailpoints)

    async def open(self) -> None:
        """Open everything and start to serve."""
        self.clock = SystemClock()
        options = DatabaseOptions(reserve_bytes=0, telemetry=self.telemetry, failpoints=self.failpoints)
        schemas = [JOURNAL_SCHEMA, CACHE_SCHEMA]
        path = self.folder / "agent.db"
        self.database = await Database.open(path, ThreadExecutor(), self.clock, schemas, options)
        self.cache = await SqliteCache.open(self.database, self.clock, VIEW)
        journal_options = JournalOptions(disk_budget=self.disk_budget, telemetry=self.telemetry, listener=self.cache)
        self.journal = await SqliteJournal.open(self.database, self.clock, SeededRandomness(7), journal_options)
        if self.heard:
            await self.hear()
        self.doorway = application(self._parts(), self.settings, self._seams())
        self.server = RestServer(self.doorway, self.settings)
        host, port = self.server.listen()
        self.url = f"http://{host}:{port}"
        self._serving = asyncio.create_task(self.server.serve())
        self.client = httpx2.AsyncClient(base_url=self.url, timeout=10, event_hooks={"response": [documented]})

    async def close(self) -> None:
        """Stop serving and close the file."""
        await self.client.aclose()
        self.server.stop(at_once=True)
        async with deadline(10, "the server to stop"):
            await self._serving
        await self.database.close()

    async def hear(self, **changes: Any) -> None:
        """Let the cache hear the core's first word."""
        word = {
            "feed_id": "f1",
            "revision": 1,
            "snapshot_begins": True,
            "complete": True,
            "received_at": self.clock.now(),
            "tills": (
                till("till-1", KEY),
                till("sq-1", SQUARE_KEY, speaks="square"),
                till("old", RETIRED_KEY, retired=True),
            ),
            "skus": (
                CachedSku(sku="MUG", name="Mug, blue", gtins=(), aliases=(), retired=False),
                CachedSku(sku="PEN", name="Pen", gtins=("04006381333931",), aliases=(), retired=False),
                CachedSku(sku="TEA", name="Tea", gtins=(), aliases=("tea-alias",), retired=False),
                CachedSku(sku="OAK", name="Table", gtins=(), aliases=(), retired=False),
            ),
            "levels": tuple(_level(sku, on_hand) for sku, on_hand in (("MUG", 10), ("PEN", 20), ("TEA", 30))),
            "orders": (_order(self.clock.now()),),
        }
        await self.cache.apply(Revision(**{**word, **changes}))

    async def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        """Post a message as till-1; bytes go as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        wanted = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        given = {**wanted, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.client.post(
            path, content=content, headers={name: value for name, value in given.items() if value}
        )

    async def get(self, path: str, key: str = KEY, **query: Any) -> httpx2.Response:
        """Ask as till-1."""
        return await self.client.get(path, headers={"authorization": f"Bearer {key}"}, params=query)

    async def entries(self) -> list[tuple[str, str, bytes]]:
        """Return (kind, reason, raw) of all journalled entries in order."""
        run = await self.journal.read(0, 10_000, 2**30)
        return [(entry.content.kind.value, entry.content.reason, entry.content.raw) for entry in run.entries]

    def counted(self, line: str) -> float:
        """Return the value of a line of the metrics, 0 when it is not there."""
        for text in self.telemetry.text().decode().splitlines():
            name, _, value = text.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0

    def _seams(self) -> DoorwaySeams:
        return DoorwaySeams(
            clock=self.clock, randomness=SeededRandomness(9), telemetry=self.telemetry, guard=masked_text
        )

    def _parts(self) -> RestParts:
        seams = RejectionSeams(clock=self.clock, telemetry=self.telemetry, guard=masked_text)
        parts = AcceptanceParts(
            journal=self.journal,
            cache=self.cache,
            dialect=dialect,
            store=lambda: STORE,
            rejections=Rejections(self.journal, self.settings.rejection_limits, seams),
            clock=self.clock,
            telemetry=self.telemetry,
            failpoints=self.failpoints,
        )
        return RestParts(
            acceptance=Acceptance(parts),
            sign_in=SignIn(
                cache=self.cache,
                complete=lambda: self.cache.complete,
                loopback_without_key=self.settings.allow_loopback_without_key,
            ),
            cache=self.cache,
            receipt=self.journal.receipt,
            lookup=Lookup(
                cache=self.cache,
                clock=self.clock,
                age_seconds=self.cache.age_seconds,
                complete=lambda: self.cache.complete,
            ),
            readiness=lambda: {
                "journal": "ok",
                "tills": "ok" if self.cache.complete else "not heard",
                "core": "not connected",
            },
            may_stop=frozenset({"journal", "tills"}),
            status=_status,
            metrics=self.telemetry.text,
        )


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[Shop]:
    """Open a shop for a block."""
    shop = Shop(folder=folder, **options)
    await shop.open()
    try:
        yield shop
    finally:
        await shop.close()


async def _status() -> bytes:
    return b'{"status":"fine"}'


def _level(sku: str, on_hand: int) -> CachedLevel:
    return CachedLevel(
        sku=sku,
        on_hand=Decimal(on_hand),
        store_rights=Decimal(on_hand - 4),
        core_rights=Decimal(4),
        reserved=Decimal(0),
        epoch=b"",
        sequence=0,
    )


def _order(now: Any) -> CachedOrder:
    return CachedOrder(
        order_id="ord_1",
        status="DISPATCHED",
        receipt_id="rcp_x",
        updated_at=now,
        location="hull",
        tracking_number="",
        sentence="On its way to the warehouse.",
    )
