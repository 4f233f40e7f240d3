"""A till language for tests of what comes after reading: documents written as short JSON, read without any judgement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.canonical.address import Address
from adapters.canonical.key import BusinessKey, fingerprint
from adapters.canonical.sale import DocumentKind, Fact, Fulfilment, NotASale, Reading, Sale, SaleLine
from adapters.errors import Permanent
from adapters.pos.contract import TillContext
from adapters.reasons import Reason

SHIP_TO = Address(name="Ada", lines=("12 Park Row",), city="Leeds", country_code="GB", postal_code="LS1 5HD")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a scripted document."""

    item: str
    quantity: str
    ship: bool = False


def script(
    kind: str, reference: str, lines: Sequence[Line] = (), *, revision: int = 0, about: str = "", **more: Any
) -> bytes:
    """Return the bytes of a document; `more` may name another `currency`, `store`, or a defect (`crash`, `refuse`)."""
    body = {
        "kind": kind,
        "reference": reference,
        "lines": [[line.item, line.quantity, line.ship] for line in lines],
        "revision": revision,
        "about": about,
        **more,
    }
    return json.dumps(body, sort_keys=True).encode()


class ScriptDialect:
    """Reads what `script` wrote."""

    name = "script"
    version = "2"

    def mask(self, raw: bytes) -> bytes:
        """Return the bytes: they hold no card data."""
        return raw

    def read(self, raw: bytes, context: TillContext) -> Reading:
        """Return the document as written."""
        body = json.loads(raw)
        if body.get("crash"):
            message = "a defect in the dialect"
            raise RuntimeError(message)
        if body.get("refuse"):
            raise Permanent(Reason[body["refuse"]], "Refused as the script says.", path="$.refuse")
        kind = body["kind"]
        if kind == "chat":
            return Reading(document=NotASale(sentence="Only talk."), key=None)
        key = BusinessKey(
            kind=kind,
            source=f"{body.get('store', context.store)}/{context.till}",
            reference=body["reference"],
            revision=body["revision"],
            fingerprint=fingerprint(json.dumps({**body, "revision": 0}, sort_keys=True)),
            fingerprint_version=1,
        )
        if kind in {"payment", "refund"}:
            fact = Fact(kind=kind, reference=body["reference"], about=body["about"], occurred_at=context.received_at)
            return Reading(document=fact, key=key)
        return Reading(document=_sale(body, context), key=key)


def _sale(body: dict[str, Any], context: TillContext) -> Sale:
    lines = tuple(
        SaleLine(
            number=number,
            item=item,
            quantity=Decimal(quantity),
            fulfilment=Fulfilment.SHIP if ship else Fulfilment.CARRY_OUT,
        )
        for number, (item, quantity, ship) in enumerate(body["lines"], start=1)
    )
    ships = any(line.fulfilment is Fulfilment.SHIP for line in lines)
    return Sale(
        kind=DocumentKind(body["kind"]),
        reference=body["reference"],
        currency=body.get("currency", context.currency),
        lines=lines,
        occurred_at=context.received_at,
        original_reference=body["about"] or None,
        ship_to=SHIP_TO if ships and not body.get("no_address") else None,
    )
