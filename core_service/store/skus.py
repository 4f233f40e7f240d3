"""SKUs and every name a till may call them by: many names in, the SKUs meant out; no name ever means two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Row, delete, select

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Sku
from core_service.store.portable import among
from core_service.store.tables.setup import sku as sku_table
from core_service.store.tables.setup import sku_name
from core_service.store.transaction import Transaction

_GTIN = "gtin"
_NAME = "name"
_GTIN_DIGITS = 14

NamespacedName: TypeAlias = tuple[str, str]


class SqlSkus:
    """SKUs of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, skus: Sequence[Sku]) -> None:
        """Create or replace; raises Permanent(ALREADY_EXISTS) when a GTIN or alias belongs to another SKU."""
        if not skus:
            return
        rows = [
            {
                "sku": sku.sku,
                "name": sku.name,
                "gtins": msgspec.json.encode(sku.gtins).decode(),
                "aliases": msgspec.json.encode(sku.aliases).decode(),
                "retired": sku.retired,
            }
            for sku in skus
        ]
        await self._transaction.put(sku_table, rows)
        names = _names_of_all(skus)
        old = among([sku_name.c.sku], [(sku.sku,) for sku in skus])
        await self._transaction.execute(delete(sku_name).where(self._transaction.mine(sku_name), old))
        await self._refuse_taken(names)
        await self._transaction.add(
            sku_name, [{"namespace": space, "name": name, "sku": sku} for (space, name), sku in names.items()]
        )

    async def get(self, sku: str) -> Sku | None:
        """Return one."""
        mine = self._transaction.mine(sku_table)
        row = await self._transaction.row(select(sku_table).where(mine, sku_table.c.sku == sku))
        return _sku(row) if row else None

    async def resolve(self, names: Iterable[str]) -> dict[str, Sku]:
        """Return the SKU for each SKU, GTIN (any length, padded to 14) or alias; unknown names are absent."""
        asked = sorted(set(names))
        meant = await self._meant([pair for name in asked for pair in _candidates(name)])
        ids = {name: meant[pair] for name in asked for pair in _candidates(name)[::-1] if pair in meant}
        found = await self._by_id(sorted(set(ids.values())))
        return {name: found[sku] for name, sku in ids.items()}

    async def list(self, after: str, limit: int) -> list[Sku]:
        """Return SKUs by id, after one."""
        mine = self._transaction.mine(sku_table)
        statement = select(sku_table).where(mine, sku_table.c.sku > after).order_by(sku_table.c.sku).limit(limit)
        return [_sku(row) for row in await self._transaction.rows(statement)]

    async def _refuse_taken(self, names: dict[NamespacedName, str]) -> None:
        for (_, name), owner in (await self._meant(sorted(names))).items():
            raise _taken(name, owner)

    async def _meant(self, pairs: Sequence[NamespacedName]) -> dict[NamespacedName, str]:
        if not pairs:
            return {}
        named = among((sku_name.c.namespace, sku_name.c.name), pairs)
        statement = select(sku_name).where(self._transaction.mine(sku_name), named).order_by(sku_name.c.name)
        return {(row.namespace, row.name): row.sku for row in await self._transaction.rows(statement)}

    async def _by_id(self, ids: Sequence[str]) -> dict[str, Sku]:
        if not ids:
            return {}
        named = among([sku_table.c.sku], [(name,) for name in ids])
        rows = await self._transaction.rows(select(sku_table).where(self._transaction.mine(sku_table), named))
        return {row.sku: _sku(row) for row in rows}


def _candidates(name: str) -> list[NamespacedName]:
    """Return what a till may have meant, the likeliest first: our own names win over GTINs."""
    pairs = [(_NAME, name)]
    if name.isascii() and name.isdigit() and len(name) <= _GTIN_DIGITS:
        pairs.append((_GTIN, name.zfill(_GTIN_DIGITS)))
    return pairs


def _names_of_all(new: Sequence[Sku]) -> dict[NamespacedName, str]:
    names: dict[NamespacedName, str] = {}
    for sku in new:
        own = [(_NAME, sku.sku), *((_NAME, alias) for alias in sku.aliases)]
        own.extend((_GTIN, gtin.zfill(_GTIN_DIGITS)) for gtin in sku.gtins)
        for pair in own:
            if names.setdefault(pair, sku.sku) != sku.sku:
                raise _taken(pair[1], names[pair])
    return names


def _taken(name: str, owner: str) -> Permanent:
    sentence = f"{name!r} already means SKU {owner!r}; take it away there first, or choose another alias or GTIN."
    return Permanent(Reason.ALREADY_EXISTS, sentence)


def _sku(row: Row[Any]) -> Sku:
    return Sku(
        sku=row.sku,
        name=row.name,
        gtins=msgspec.json.decode(row.gtins, type=tuple[str, ...]),
        aliases=msgspec.json.decode(row.aliases, type=tuple[str, ...]),
        retired=row.retired,
    )
