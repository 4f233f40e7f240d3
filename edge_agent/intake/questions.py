"""What the REST door asks of the till's lookup, as shapes: questions in, found levels and orders out; encoded here, answered elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from edge_agent.intake.answers import OrderAnswer, StockAnswer, StockListAnswer
from edge_agent.ports import CachedOrder, Shown


class FoundStock(Protocol):
    """The answer to one name."""

    @property
    def asked(self) -> str:
        """The name as asked."""

    @property
    def shown(self) -> Shown:
        """The level, with its age."""

    @property
    def as_of(self) -> datetime:
        """When the core was last heard."""


class FoundStocks(Protocol):
    """The answers to several names."""

    @property
    def found(self) -> Sequence[FoundStock]:
        """In the order asked."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names that stand for nothing."""

    @property
    def age_seconds(self) -> float:
        """Seconds since the core was last heard."""

    @property
    def as_of(self) -> datetime:
        """When the core was last heard."""


class FoundOrder(Protocol):
    """What is known of an order."""

    @property
    def order(self) -> CachedOrder:
        """The core's word."""

    @property
    def age_seconds(self) -> float:
        """Seconds since the core was last heard."""

    @property
    def as_of(self) -> datetime:
        """When the core was last heard."""


class Questions(Protocol):
    """Answers tills from the cache; raises Permanent(SKU_UNKNOWN | ORDER_UNKNOWN | FIELD_INVALID), Transient(NOT_READY)."""

    async def stock(self, name: str) -> FoundStock:
        """Return the stock of a SKU, GTIN or alias."""

    async def stocks(self, names: Sequence[str]) -> FoundStocks:
        """Return the stock of several."""

    async def order(self, order_id: str) -> FoundOrder:
        """Return an order."""

    async def known_order(self, order_id: str) -> FoundOrder | None:
        """Return an order, None when the core has not told of it."""


def stock_answer(stock: FoundStock) -> StockAnswer:
    """Encode one level."""
    shown = stock.shown
    return StockAnswer(
        sku=shown.sku,
        asked=stock.asked,
        name=shown.name,
        on_hand=shown.on_hand,
        available=shown.available,
        complete=shown.complete,
        age_seconds=round(shown.age_seconds, 3),
        as_of=stock.as_of,
    )


def stock_list_answer(stocks: FoundStocks) -> StockListAnswer:
    """Encode several levels."""
    return StockListAnswer(
        levels=tuple(stock_answer(stock) for stock in stocks.found),
        unknown=stocks.unknown,
        age_seconds=round(stocks.age_seconds, 3),
        as_of=stocks.as_of,
    )


def order_answer(news: FoundOrder) -> OrderAnswer:
    """Encode an order."""
    order = news.order
    return OrderAnswer(
        order_id=order.order_id,
        status=order.status,
        receipt_id=order.receipt_id,
        updated_at=order.updated_at,
        location=order.location,
        tracking_number=order.tracking_number,
        sentence=order.sentence,
        age_seconds=round(news.age_seconds, 3),
        as_of=news.as_of,
    )
