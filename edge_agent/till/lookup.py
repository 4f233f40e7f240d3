"""Stock and orders for tills: a SKU, GTIN or alias in, the store's present answer with its age out; never asks the network.

A SKU that the core knows and has never told a level of is answered with zero once the core has told everything, and as not ready before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from edge_agent.ports import Cache, CachedOrder, CachedSku, Shown

MOST_ASKED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The answer to one name. `as_of` is when the core was last heard, by this machine's clock."""

    asked: str
    shown: Shown
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StockList:
    """The answers to several names, in the order asked; `unknown` are names that stand for nothing."""

    found: tuple[Stock, ...]
    unknown: tuple[str, ...]
    age_seconds: float
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNews:
    """What the core last said about an order, and how long ago the core was heard."""

    order: CachedOrder
    age_seconds: float
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Answers tills. `age_seconds` and `complete` tell when the core was last heard and whether it has ever told everything."""

    cache: Cache
    clock: Clock
    age_seconds: Callable[[], float]
    complete: Callable[[], bool]

    async def stock(self, name: str) -> Stock:
        """Return the stock of one SKU, GTIN or alias; raise Permanent(SKU_UNKNOWN), Transient(NOT_READY)."""
        sku = (await self.cache.resolve((name,))).get(name)
        if sku is None:
            raise self._unknown()
        shown = (await self.cache.levels((sku.sku,))).get(sku.sku) or self._none_told(sku, self.age_seconds())
        as_of = self.clock.now() - timedelta(seconds=shown.age_seconds)
        return Stock(asked=name, shown=shown, as_of=as_of)

    async def stocks(self, names: Sequence[str]) -> StockList:
        """Return the stock of at most MOST_ASKED names; raise Permanent(FIELD_INVALID | FIELD_MISSING), Transient(NOT_READY)."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            raise Permanent(Reason.FIELD_MISSING, "Name what to look up: /v1/stock?sku=A&sku=B.", path="sku")
        if len(wanted) > MOST_ASKED:
            sentence = f"{len(wanted)} names are too many; ask for {MOST_ASKED} at a time."
            raise Permanent(Reason.FIELD_INVALID, sentence, path="sku")
        skus = await self.cache.resolve(wanted)
        levels = await self.cache.levels(list(dict.fromkeys(sku.sku for sku in skus.values())))
        age = self.age_seconds()
        as_of = self.clock.now() - timedelta(seconds=age)
        found = tuple(
            Stock(asked=name, shown=levels.get(skus[name].sku) or self._none_told(skus[name], age), as_of=as_of)
            for name in wanted
            if name in skus
        )
        unknown = tuple(name for name in wanted if name not in skus)
        return StockList(found=found, unknown=unknown, age_seconds=age, as_of=as_of)

    async def order(self, order_id: str) -> OrderNews:
        """Return what is known of an order; raise Permanent(ORDER_UNKNOWN)."""
        order = await self.known_order(order_id)
        if order is None:
            raise Permanent(
                Reason.ORDER_UNKNOWN,
                "The core has told this store of no such order; a sale's orders stand in its receipt once it is settled.",
            )
        return order

    async def known_order(self, order_id: str) -> OrderNews | None:
        """Return what is known of an order, None when the core has not told of it."""
        order = await self.cache.order(order_id)
        if order is None:
            return None
        age = self.age_seconds()
        return OrderNews(order=order, age_seconds=age, as_of=self.clock.now() - timedelta(seconds=age))

    def _unknown(self) -> TillstreamError:
        if not self.complete():
            return _unheard()
        return Permanent(
            Reason.SKU_UNKNOWN,
            "No SKU, GTIN or alias is called so: check the code, or import it with `core-service sku import`.",
        )

    def _none_told(self, sku: CachedSku, age: float) -> Shown:
        if not self.complete():
            raise _unheard()
        nothing = Decimal(0)
        return Shown(sku=sku.sku, name=sku.name, on_hand=nothing, available=nothing, age_seconds=age, complete=True)


def _unheard() -> Transient:
    sentence = "This agent has not yet heard the whole stock from the core: ask again in a moment."
    return Transient(Reason.NOT_READY, sentence, retry_after=2.0)
