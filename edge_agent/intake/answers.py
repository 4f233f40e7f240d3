"""What the agent answers over REST, as shapes: encoded for tills as they stand, and described from here in openapi.json.

Quantities are exact decimals as strings, times RFC 3339 in UTC, ages in seconds.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct


class ReceiptAnswer(Struct, frozen=True, kw_only=True):
    """The message is on disk and will reach the core; `first` is false when it was accepted before."""

    receipt_id: Annotated[str, Meta(description="Names the accepted message; the same for every repeat of it.")]
    status: Literal["accepted"] = "accepted"
    first: bool
    received_at: Annotated[datetime, Meta(tz=True, description="When it was first accepted, UTC.")]


class NothingToBook(Struct, frozen=True, kw_only=True):
    """The message was understood and books nothing; it need not be sent again."""

    status: Literal["acknowledged"] = "acknowledged"
    reason: Literal["NOT_A_SALE"] = "NOT_A_SALE"
    sentence: str


class OrderAnswer(Struct, frozen=True, kw_only=True):
    """What the core last said about an order."""

    order_id: str
    status: str
    receipt_id: str
    updated_at: Annotated[datetime, Meta(tz=True)]
    location: Annotated[str, Meta(description="Where it ships from, or empty.")]
    tracking_number: Annotated[str, Meta(description="Of the parcel, or empty.")]
    sentence: Annotated[str, Meta(description="What to tell a customer who asks.")]
    age_seconds: Annotated[float, Meta(ge=0, description="Seconds since the core was last heard.")]
    as_of: Annotated[datetime, Meta(tz=True)]


class VerdictAnswer(Struct, frozen=True, kw_only=True):
    """What the core made of a message."""

    outcome: Literal["booked", "repeat", "amended", "no_effect", "parked"]
    reason: Annotated[str, Meta(description="Stable reason code; empty when booked.")]
    sentence: str
    record_id: Annotated[str, Meta(description="The core's sale or exception.")]
    order_ids: tuple[str, ...]


class ReceiptStateAnswer(Struct, frozen=True, kw_only=True):
    """What became of an accepted message. `verdict` is null until the core has settled it."""

    receipt_id: str
    till: str
    accepted: Literal[True] = True
    settled: bool
    received_at: Annotated[datetime, Meta(tz=True)]
    verdict: VerdictAnswer | None
    orders: Annotated[
        tuple[OrderAnswer, ...], Meta(description="The sale's orders, as far as the core has told about them.")
    ]


class StockAnswer(Struct, frozen=True, kw_only=True):
    """Stock of a SKU in this store: the core's last word and the store's own movements since.

    `available` is what the store may promise alone; `on_hand` may be below zero.
    """

    sku: str
    asked: Annotated[str, Meta(description="The SKU, GTIN or alias that was asked for.")]
    name: str
    on_hand: Decimal
    available: Decimal
    complete: Annotated[bool, Meta(description="False while the core's first word is still arriving.")]
    age_seconds: Annotated[float, Meta(ge=0, description="Seconds since the core was last heard.")]
    as_of: Annotated[datetime, Meta(tz=True)]


class StockListAnswer(Struct, frozen=True, kw_only=True):
    """Stock of several SKUs; what no SKU, GTIN or alias stands for is listed in `unknown`."""

    levels: tuple[StockAnswer, ...]
    unknown: tuple[str, ...]
    age_seconds: Annotated[float, Meta(ge=0)]
    as_of: Annotated[datetime, Meta(tz=True)]


class HealthAnswer(Struct, frozen=True, kw_only=True):
    """The process lives."""

    status: Literal["ok"] = "ok"


class ReadinessAnswer(Struct, frozen=True, kw_only=True):
    """Whether tills can sell. Each part says `ok`, or a sentence with what is missing; `core` never stops a till."""

    status: Literal["ok", "not ready"]
    parts: dict[str, str]


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `reason` is stable and for programs; `detail` says what to do, for people."""

    type: str
    title: str
    status: int
    reason: str
    detail: str
    instance: str
    correlation_id: str
    path: Annotated[str, Meta(description="The offending field, as a JSON path.")] = ""
