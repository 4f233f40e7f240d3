"""Demonstration tills: a seeded stream of sales in, HTTP requests to the agent out; remembers what each till was told."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from demo.catalogue import ITEMS
from demo.processes import DemoError

_PATIENCE_SECONDS = 120

_CUSTOMERS = (
    ("Ada Byron", "12 Park Row", "Leeds", "LS1 5HD"),
    ("Charles Holt", "3 Micklegate", "York", "YO1 6JG"),
    ("Mary Wells", "40 Deansgate", "Manchester", "M3 2EG"),
)


@dataclass
class Told:
    """What tills were told: receipts by till and number, units sold over the counter by SKU, answers by status."""

    receipts: dict[str, str] = field(default_factory=dict)
    carried_out: Counter[str] = field(default_factory=Counter)
    shipped: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    unreachable: int = 0


def plain_sales(seed: int, ship_one_in: int = 8) -> Iterator[dict[str, Any]]:
    """Yield messages of the `plain` dialect, the same for the same seed but for their time."""
    chance = random.Random(seed)
    for number in itertools.count(1):
        chosen = chance.sample(ITEMS, chance.randint(1, 3))
        ship = chance.randrange(ship_one_in) == 0
        lines = [_line(item.sku, chance.randint(1, 2), item.price, item.name, ship=ship) for item in chosen]
        total = sum((Decimal(line["total"]) for line in lines), Decimal(0))
        now = datetime.now(UTC)
        sale: dict[str, Any] = {
            "type": "sale",
            "receipt_number": f"{seed}-{number:06d}",
            "business_day": now.date().isoformat(),
            "sold_at": now.isoformat(timespec="seconds"),
            "currency": "GBP",
            "lines": lines,
            "tenders": [{"kind": "card", "amount": str(total)}],
            "total": str(total),
        }
        if ship:
            name, street, city, code = chance.choice(_CUSTOMERS)
            sale["ship_to"] = {
                "name": name,
                "lines": [street],
                "city": city,
                "postal_code": code,
                "country_code": "GB",
            }
        yield sale


def _line(sku: str, quantity: int, price: int, description: str, *, ship: bool) -> dict[str, Any]:
    return {
        "item": sku,
        "description": description,
        "quantity": str(quantity),
        "unit_price": f"{Decimal(price) / 100:.2f}",
        "total": f"{Decimal(price * quantity) / 100:.2f}",
        "fulfilment": "ship" if ship else "carry_out",
    }


def square_messages(corpus: Path | None) -> list[bytes]:
    """Return Square messages: the project's own examples, and those of the corpus folder when it is there."""
    folders = [Path(__file__).parent / "square", *([corpus] if corpus and corpus.is_dir() else [])]
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.json"))]


@dataclass(kw_only=True)
class Till:
    """One till that repeats a sale until it has an answer, as a till must."""

    name: str
    key: str
    url: str
    told: Told
    client: httpx2.AsyncClient

    async def sell(self, sale: dict[str, Any]) -> httpx2.Response:
        """Send a sale until the agent has answered; remember the receipt. Raises DemoError when it is not answered for two minutes."""
        raw = json.dumps(sale).encode()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self._answered(raw)
        except TimeoutError as error:
            raise DemoError(
                f"{self.name} got no answer for {_PATIENCE_SECONDS} s; so far: {dict(self.told.answers)}"
            ) from error
        if answer.is_success:
            self._remember(sale, answer.json()["receipt_id"])
        return answer

    async def send(self, raw: bytes) -> httpx2.Response | None:
        """Send any bytes once."""
        return await self._post("/v1/sales", raw)

    async def _answered(self, raw: bytes) -> httpx2.Response:
        while True:
            answer = await self._post("/v1/sales", raw)
            if answer is not None and answer.status_code < 500:
                return answer
            await asyncio.sleep(0.2)

    def _remember(self, sale: dict[str, Any], receipt: str) -> None:
        name = f"{self.name}/{sale['receipt_number']}"
        if name in self.told.receipts:
            return
        self.told.receipts[name] = receipt
        for line in sale["lines"]:
            counter = self.told.shipped if line["fulfilment"] == "ship" else self.told.carried_out
            counter[line["item"]] += int(line["quantity"])

    async def _post(self, path: str, raw: bytes) -> httpx2.Response | None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        with contextlib.suppress(httpx2.HTTPError):
            answer = await self.client.post(self.url + path, content=raw, headers=headers)
            self.told.answers[answer.status_code] += 1
            return answer
        self.told.unreachable += 1
        return None
