"""What the core tells a store on the way down: plain messages above any transport; each names the present state of things."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelNews:
    """Stock of a SKU in the store; includes the entries of `epoch` (16 bytes, or empty when there is none) through `sequence`."""

    sku: str
    on_hand: Decimal
    store_rights: Decimal
    core_rights: Decimal
    reserved: Decimal
    epoch: bytes
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantNews:
    """Rights that the core debited for the store; `settled` when their acknowledgement is booked."""

    transfer_id: str
    sku: str
    quantity: Decimal
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNews:
    """An order that the store sold or fulfils."""

    order_id: str
    status: str
    receipt_id: str
    updated_at: datetime
    location: str
    tracking_number: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TillNews:
    """A till, SHA-256 of its valid keys (32 bytes each), and the settings of its store."""

    till: str
    dialect: str
    api_key_hashes: tuple[bytes, ...]
    webhook_secret: str
    webhook_url: str
    retired: bool
    currency: str
    time_zone: str
    closing_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuNews:
    """A SKU and the names that tills use for it."""

    sku: str
    name: str
    gtins: tuple[str, ...]
    aliases: tuple[str, ...]
    retired: bool


Change: TypeAlias = LevelNews | GrantNews | OrderNews | TillNews | SkuNews


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFrom:
    """Where the cache stands: the feed it followed and the last revision applied; ("", 0) at the start."""

    feed_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Changes to be applied together. Without any, and without `snapshot_begins`, it says only that the core is there.

    `snapshot_begins`: what was known before is replaced. `complete`: nothing more is on its way at `sent_at`.
    """

    feed_id: str
    revision: int
    snapshot_begins: bool
    complete: bool
    sent_at: datetime
    changes: tuple[Change, ...] = ()
