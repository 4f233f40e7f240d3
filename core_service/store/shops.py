"""Stores, locations and tills as set up: records in, the same out, listed by id."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, delete, or_, select, tuple_, update

from adapters.seams.clock import from_millis, to_millis
from core_service.domain.setup import Location, LocationKind, Store, Till, TillKey
from core_service.store.tables.setup import location as locations
from core_service.store.tables.setup import store as stores
from core_service.store.tables.setup import till as tills
from core_service.store.tables.setup import till_key
from core_service.store.transaction import Transaction


class SqlStores:
    """Shops of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, store: Store) -> None:
        """Create or replace."""
        row = {
            "store": store.store,
            "name": store.name,
            "time_zone": store.time_zone,
            "closing_time": store.closing_time.isoformat(),
            "currency": store.currency,
            "core_share_percent": store.core_share_percent,
        }
        await self._transaction.put(stores, [row])

    async def get(self, store: str) -> Store | None:
        """Return one."""
        mine = self._transaction.mine(stores)
        row = await self._transaction.row(select(stores).where(mine, stores.c.store == store))
        return _store(row) if row else None

    async def list(self, after: str, limit: int) -> list[Store]:
        """Return stores by id, after one."""
        mine = self._transaction.mine(stores)
        statement = select(stores).where(mine, stores.c.store > after).order_by(stores.c.store).limit(limit)
        return [_store(row) for row in await self._transaction.rows(statement)]


class SqlLocations:
    """Places of one tenant that hold stock."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, location: Location) -> None:
        """Create or replace."""
        row = {
            "location": location.location,
            "name": location.name,
            "kind": location.kind.value,
            "country_code": location.country_code,
            "latitude": None if location.latitude is None else str(location.latitude),
            "longitude": None if location.longitude is None else str(location.longitude),
            "wms_url": location.wms_url,
            "wms_secret": location.wms_secret,
            "daily_capacity": location.daily_capacity,
            "closed": location.closed,
        }
        await self._transaction.put(locations, [row])

    async def get(self, location: str) -> Location | None:
        """Return one."""
        mine = self._transaction.mine(locations)
        row = await self._transaction.row(select(locations).where(mine, locations.c.location == location))
        return _location(row) if row else None

    async def list(self, after: str, limit: int) -> list[Location]:
        """Return locations by id, after one."""
        table = locations
        mine = self._transaction.mine(table)
        statement = select(table).where(mine, table.c.location > after).order_by(table.c.location).limit(limit)
        return [_location(row) for row in await self._transaction.rows(statement)]


class SqlTills:
    """Points of sale of one tenant and their keys."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, till: Till) -> None:
        """Create or replace."""
        row = {
            "store": till.store,
            "till": till.till,
            "dialect": till.dialect,
            "webhook_secret": till.webhook_secret,
            "webhook_url": till.webhook_url,
            "retired": till.retired,
        }
        await self._transaction.put(tills, [row])

    async def get(self, store: str, till: str) -> Till | None:
        """Return one."""
        mine = self._transaction.mine(tills)
        row = await self._transaction.row(select(tills).where(mine, tills.c.store == store, tills.c.till == till))
        return _till(row) if row else None

    async def keys(self, store: str, till: str, at: datetime) -> list[TillKey]:
        """Return the keys valid at a moment, the newest first."""
        table = till_key
        valid = or_(table.c.expires_at.is_(None), table.c.expires_at > to_millis(at))
        rows = await self._transaction.rows(
            select(table)
            .where(self._transaction.mine(table), table.c.store == store, table.c.till == till, valid)
            .order_by(table.c.created_at.desc(), table.c.key_hash)
        )
        return [_till_key(row) for row in rows]

    async def add_key(self, key: TillKey, previous_expires_at: datetime) -> None:
        """Add a till's key; keys without an end get `previous_expires_at`, ended ones are dropped."""
        table = till_key
        same_till = (self._transaction.mine(table), table.c.store == key.store, table.c.till == key.till)
        ending = update(table).where(*same_till, table.c.expires_at.is_(None))
        await self._transaction.execute(ending.values(expires_at=to_millis(previous_expires_at)))
        ended = delete(table).where(*same_till, table.c.expires_at <= to_millis(key.created_at))
        await self._transaction.execute(ended)
        row = {
            "store": key.store,
            "till": key.till,
            "key_hash": key.key_hash,
            "created_at": to_millis(key.created_at),
            "expires_at": None if key.expires_at is None else to_millis(key.expires_at),
        }
        await self._transaction.add(table, [row])

    async def list(self, store: str, after: tuple[str, str], limit: int) -> list[Till]:
        """Return tills by (store, till), after one; an empty store means all."""
        statement = select(tills).where(
            self._transaction.mine(tills), tuple_(tills.c.store, tills.c.till) > tuple_(*after)
        )
        if store:
            statement = statement.where(tills.c.store == store)
        statement = statement.order_by(tills.c.store, tills.c.till).limit(limit)
        return [_till(row) for row in await self._transaction.rows(statement)]


def _store(row: Row[Any]) -> Store:
    return Store(
        store=row.store,
        name=row.name,
        time_zone=row.time_zone,
        closing_time=time.fromisoformat(row.closing_time),
        currency=row.currency,
        core_share_percent=row.core_share_percent,
    )


def _location(row: Row[Any]) -> Location:
    return Location(
        location=row.location,
        name=row.name,
        kind=LocationKind(row.kind),
        country_code=row.country_code,
        latitude=None if row.latitude is None else Decimal(row.latitude),
        longitude=None if row.longitude is None else Decimal(row.longitude),
        wms_url=row.wms_url,
        wms_secret=row.wms_secret,
        daily_capacity=row.daily_capacity,
        closed=row.closed,
    )


def _till(row: Row[Any]) -> Till:
    return Till(
        store=row.store,
        till=row.till,
        dialect=row.dialect,
        webhook_secret=row.webhook_secret,
        webhook_url=row.webhook_url,
        retired=row.retired,
    )


def _till_key(row: Row[Any]) -> TillKey:
    return TillKey(
        store=row.store,
        till=row.till,
        key_hash=row.key_hash,
        created_at=from_millis(row.created_at),
        expires_at=None if row.expires_at is None else from_millis(row.expires_at),
    )
