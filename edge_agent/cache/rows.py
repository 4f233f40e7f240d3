"""The core's words as rows and back; knows the cache's columns, decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import time

from adapters.canonical.quantity import from_micro, to_micro
from adapters.seams.clock import from_millis, to_millis
from edge_agent.database import Connection
from edge_agent.ports import CachedGrant, CachedLevel, CachedOrder, CachedSku, CachedTill, Revision

_TABLES = ("cached_level", "cached_order", "cached_till", "cached_sku", "sku_name", "cached_grant")
_GTIN_DIGITS = 14


def write(connection: Connection, generation: int, revision: Revision) -> None:
    """Write a revision's changes into a generation; a later word about the same thing replaces the earlier."""
    connection.executemany(
        "INSERT OR REPLACE INTO cached_level VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                generation,
                level.sku,
                to_micro(level.on_hand),
                to_micro(level.store_rights),
                to_micro(level.core_rights),
                to_micro(level.reserved),
                level.epoch,
                level.sequence,
            )
            for level in revision.levels
        ],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO cached_order VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                generation,
                o.order_id,
                o.status,
                o.receipt_id,
                to_millis(o.updated_at),
                o.location,
                o.tracking_number,
                o.sentence,
            )
            for o in revision.orders
        ],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO cached_till VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_till_row(generation, till) for till in revision.tills],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO cached_grant VALUES (?, ?, ?, ?, ?)",
        [
            (generation, grant.transfer_id, grant.sku, to_micro(grant.quantity), grant.settled)
            for grant in revision.grants
        ],
    )
    _write_skus(connection, generation, revision.skus)


def keep_only(connection: Connection, generations: Sequence[int]) -> None:
    """Delete every other generation."""
    kept = json.dumps(list(generations))
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table} WHERE generation NOT IN (SELECT value FROM json_each(?))", (kept,))


def levels(connection: Connection, generation: int, skus: Iterable[str]) -> dict[str, tuple[CachedLevel, str]]:
    """Return levels and names by SKU."""
    found = connection.execute(
        "SELECT level.sku, on_hand, store_rights, core_rights, reserved, epoch, sequence, coalesce(sku.name, '') FROM cached_level AS level "
        "LEFT JOIN cached_sku AS sku ON sku.generation = level.generation AND sku.sku = level.sku "
        "WHERE level.generation = ? AND level.sku IN (SELECT value FROM json_each(?))",
        (generation, json.dumps(list(skus))),
    )
    return {
        sku: (
            CachedLevel(
                sku=sku,
                on_hand=from_micro(on_hand),
                store_rights=from_micro(store_rights),
                core_rights=from_micro(core_rights),
                reserved=from_micro(reserved),
                epoch=epoch,
                sequence=sequence,
            ),
            name,
        )
        for sku, on_hand, store_rights, core_rights, reserved, epoch, sequence, name in found
    }


def tills(connection: Connection, generation: int) -> list[CachedTill]:
    """Return every till."""
    found = connection.execute(
        "SELECT till, dialect, api_key_hashes, webhook_secret, webhook_url, retired, currency, time_zone, closing_time FROM cached_till "
        "WHERE generation = ? ORDER BY till",
        (generation,),
    )
    return [
        CachedTill(
            till=till,
            dialect=dialect,
            api_key_hashes=tuple(bytes.fromhex(key) for key in json.loads(hashes)),
            webhook_secret=secret,
            webhook_url=url,
            retired=bool(retired),
            currency=currency,
            time_zone=zone,
            closing_time=time.fromisoformat(closing),
        )
        for till, dialect, hashes, secret, url, retired, currency, zone, closing in found
    ]


def skus_by_name(connection: Connection, generation: int, names: Iterable[str]) -> dict[str, CachedSku]:
    """Return SKUs by what tills call them: the SKU itself first, then a GTIN, then an alias."""
    return {name: sku for name in names if (sku := _sku_named(connection, generation, name)) is not None}


def order(connection: Connection, generation: int, order_id: str) -> CachedOrder | None:
    """Return an order."""
    row = connection.execute(
        "SELECT order_id, status, receipt_id, updated_ms, location, tracking_number, sentence FROM cached_order "
        "WHERE generation = ? AND order_id = ?",
        (generation, order_id),
    ).fetchone()
    if row is None:
        return None
    return CachedOrder(
        order_id=row[0],
        status=row[1],
        receipt_id=row[2],
        updated_at=from_millis(row[3]),
        location=row[4],
        tracking_number=row[5],
        sentence=row[6],
    )


def open_grants(connection: Connection, generation: int) -> list[CachedGrant]:
    """Return grants that the core has not settled, by id."""
    found = connection.execute(
        "SELECT transfer_id, sku, quantity FROM cached_grant WHERE generation = ? AND NOT settled ORDER BY transfer_id",
        (generation,),
    )
    return [
        CachedGrant(transfer_id=transfer, sku=sku, quantity=from_micro(quantity), settled=False)
        for transfer, sku, quantity in found
    ]


def _sku_named(connection: Connection, generation: int, name: str) -> CachedSku | None:
    spellings = [name]
    if name.isascii() and name.isdigit() and len(name) < _GTIN_DIGITS:
        spellings.append(name.zfill(_GTIN_DIGITS))
    row = connection.execute(
        "SELECT sku.sku, sku.name, gtins, aliases, retired FROM sku_name JOIN cached_sku AS sku "
        "ON sku.generation = sku_name.generation AND sku.sku = sku_name.sku "
        "WHERE sku_name.generation = ? AND sku_name.name IN (SELECT value FROM json_each(?)) ORDER BY rank, retired, sku.sku LIMIT 1",
        (generation, json.dumps(spellings)),
    ).fetchone()
    if row is None:
        return None
    return CachedSku(
        sku=row[0],
        name=row[1],
        gtins=tuple(json.loads(row[2])),
        aliases=tuple(json.loads(row[3])),
        retired=bool(row[4]),
    )


def _till_row(generation: int, till: CachedTill) -> tuple[object, ...]:
    hashes = json.dumps([key.hex() for key in till.api_key_hashes])
    closing = till.closing_time.isoformat()
    shop = (till.retired, till.currency, till.time_zone, closing)
    return (generation, till.till, till.dialect, hashes, till.webhook_secret, till.webhook_url, *shop)


def _write_skus(connection: Connection, generation: int, skus: Sequence[CachedSku]) -> None:
    connection.executemany(
        "DELETE FROM sku_name WHERE generation = ? AND sku = ?", [(generation, sku.sku) for sku in skus]
    )
    connection.executemany(
        "INSERT OR REPLACE INTO cached_sku VALUES (?, ?, ?, ?, ?, ?)",
        [(generation, sku.sku, sku.name, json.dumps(sku.gtins), json.dumps(sku.aliases), sku.retired) for sku in skus],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO sku_name VALUES (?, ?, ?, ?)",
        [(generation, name, rank, sku.sku) for sku in skus for rank, name in _names(sku)],
    )


def _names(sku: CachedSku) -> list[tuple[int, str]]:
    gtins = [(1, gtin.zfill(_GTIN_DIGITS)) for gtin in sku.gtins]
    return [(0, sku.sku), *gtins, *((2, alias) for alias in sku.aliases)]
