"""Levels are listed page by page without holes or repeats, and a token fits only its own filter."""

from __future__ import annotations

import pytest

from adapters.errors import Permanent
from core_service.ports.stock import Level
from core_service.stock.listing import LevelQuery, list_levels
from tests.core_service.shop import SKUS, TENANT, open_shop


async def test_pages_join_to_the_whole_listing():
    async with open_shop("north", "south") as shop:
        for location in ("north", "south", "wh-east"):
            for sku in SKUS:
                await shop.receive(location, sku, "5")
        async with shop.core.read(TENANT) as uow:
            whole = await list_levels(uow, LevelQuery())
            seen: list[Level] = []
            token = ""
            while True:
                page = await list_levels(uow, LevelQuery(page_size=2, page_token=token))
                seen += page.levels
                token = page.next_page_token
                if not token:
                    break
            assert tuple(seen) == whole.levels
            assert len(seen) == 9
            filtered = await list_levels(uow, LevelQuery(locations=("south",), skus=("MUG",)))
            assert [(level.location, level.sku) for level in filtered.levels] == [("south", "MUG")]


async def test_a_token_of_another_filter_and_a_wrong_size_are_refused():
    async with open_shop() as shop:
        for sku in SKUS:
            await shop.receive("wh-east", sku, "5")
        async with shop.core.read(TENANT) as uow:
            page = await list_levels(uow, LevelQuery(page_size=1))
            for wrong in (
                LevelQuery(page_token=page.next_page_token, locations=("wh-east",)),
                LevelQuery(page_token="x" * 5000),
                LevelQuery(page_token="!"),
                LevelQuery(page_token="W10"),
            ):
                with pytest.raises(Permanent, match="PAGE_TOKEN_INVALID"):
                    await list_levels(uow, wrong)
            with pytest.raises(Permanent, match="FIELD_INVALID"):
                await list_levels(uow, LevelQuery(page_size=1001))
            with pytest.raises(Permanent, match="SKU_UNKNOWN"):
                await list_levels(uow, LevelQuery(skus=("?",)))
