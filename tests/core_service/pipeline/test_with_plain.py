"""The story with a real till language: plain messages with GTINs and aliases, shipped lines, returns and voids."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.canonical.entry import Outcome
from adapters.pos.registry import dialect
from core_service.domain.order import OrderStatus
from core_service.domain.setup import Sku
from core_service.pipeline.normalise import Readers
from tests.core_service.shop import TENANT, decode_rights, open_shop

GTIN = "4006381333931"


def message(number: str, lines: list[dict[str, Any]], kind: str = "sale", **more: Any) -> bytes:
    """Return a plain message; its total is the sum of its lines."""
    total = sum(Decimal(line["total"]) for line in lines)
    body = {"type": kind, "receipt_number": number, "sold_at": "2026-01-05T10:00:00+00:00", "currency": "GBP"}
    return json.dumps({**body, "lines": lines, "total": f"{total:.2f}", **more}).encode()


async def test_plain_messages_are_booked_shipped_returned_and_voided():
    address = {"name": "Ada", "lines": ["12 Park Row"], "city": "Leeds", "country_code": "GB"}
    async with open_shop() as shop:
        shop.pipeline = replace(shop.pipeline, readers=Readers(dialect=dialect, decode_rights=decode_rights))
        async with shop.core.begin(TENANT) as uow:
            await uow.skus.put([Sku(sku="PEN", name="Pen", gtins=(GTIN,), aliases=("stylo",))])
            await uow.commit()
        await shop.receive("wh-east", "PEN", "5")
        shipped = {"item": "stylo", "quantity": "3", "total": "3.00", "fulfilment": "ship"}
        agent = shop.agent("north")
        version = dialect("plain").version
        for raw in (
            message("1", [{"item": GTIN, "quantity": 2, "total": "2.00"}, shipped], ship_to=address),
            message("2", [{"item": "MUG", "quantity": "1.5", "total": "1.00"}]),
            message("3", [{"item": "MUG", "quantity": 1, "total": "1.00"}], kind="return", original_receipt="2"),
            message("4", [], kind="void", original_receipt="1"),
        ):
            agent.journal(raw, dialect="plain", dialect_version=version)
        verdicts = await shop.send(agent)
        assert [(verdict.outcome, verdict.sentence) for verdict in verdicts] == [(Outcome.BOOKED, "")] * 4
        assert (await shop.position("north", "PEN")).on_hand == Decimal(0)
        assert (await shop.position("north", "MUG")).on_hand == Decimal("-0.5")
        [order] = await shop.orders()
        assert order.status is OrderStatus.CANCEL_REQUESTED
        await shop.sound()
