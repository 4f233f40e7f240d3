"""Stores and warehouses: stored as written, told to whom it concerns, refused with the path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import LocationKind
from core_service.setup.catalogue import SkuDraft, put_skus
from core_service.setup.desk import Desk
from core_service.setup.shops import LocationDraft, Site, put_location, put_store
from core_service.setup.tills import TillDraft, put_till
from tests.core_service.setup.desks import LEEDS, RIVAL, TENANT, YORK, open_desk, told

SECRET = "whsec_" + "A" * 32
DC = LocationDraft(location="dc", name="DC", wms_url="https://wms.example", wms_secret=SECRET)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(LEEDS) as opened:
        yield opened


async def test_a_store_brings_the_location_of_its_stock(desk: Desk) -> None:
    """With the same id and its coordinates."""
    site = Site(latitude="53.7997", longitude="-1.5492", country_code="GB")
    store, location = await put_store(desk, replace(LEEDS, site=site, closing_time="04:30", core_share_percent=35))
    assert (location.location, location.kind, location.latitude) == ("leeds", LocationKind.STORE, Decimal("53.7997"))
    async with desk.core.read(TENANT) as uow:
        assert await uow.stores.get("leeds") == store
        assert await uow.locations.get("leeds") == location
        assert [entry.action for entry in await uow.audit.of("leeds")] == ["put_store", "put_store"]


async def test_a_new_stores_agent_is_told_of_everything_that_is_sold(desk: Desk) -> None:
    """So that its first watch is complete; the other tenant's store of the same name hears nothing."""
    await put_skus(desk, [SkuDraft(sku=f"SKU-{number}", name="x") for number in range(3)])
    await put_store(desk, YORK)
    assert await told(desk.core, "york") == ["sku SKU-0", "sku SKU-1", "sku SKU-2"]
    assert await told(desk.core, "leeds", RIVAL) == []


async def test_a_changed_store_tells_its_tills_settings_anew(desk: Desk) -> None:
    """Tills carry the store's currency, zone and closing time."""
    await put_till(desk, TillDraft(store="leeds", till="till-1", dialect="plain"))
    async with desk.core.read(TENANT) as uow:
        before = await uow.changes.newest("store:leeds")
    await told(desk.core, "leeds")
    await put_store(desk, replace(LEEDS, closing_time="02:00"))
    assert await told(desk.core, "leeds") == ["till till-1"]
    async with desk.core.read(TENANT) as uow:
        assert await uow.changes.newest("store:leeds") > before + 1


async def test_a_warehouse_keeps_its_secret_when_none_is_sent(desk: Desk) -> None:
    """Secrets are never shown, so whoever changes the name cannot send it back."""
    await put_location(desk, DC)
    await put_location(desk, replace(DC, name="North DC", wms_secret="", closed=True))
    async with desk.core.read(TENANT) as uow:
        location = await uow.locations.get("dc")
    assert location is not None
    assert (location.name, location.wms_secret, location.closed, location.kind) == (
        "North DC",
        SECRET,
        True,
        LocationKind.WAREHOUSE,
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"store": "Leeds"}, "store.store"),
        ({"name": ""}, "store.name"),
        ({"time_zone": "London"}, "store.time_zone"),
        ({"closing_time": "4.30"}, "store.closing_time"),
        ({"currency_code": "gbp"}, "store.currency_code"),
        ({"core_share_percent": 101}, "store.core_share_percent"),
        ({"core_share_percent": -1}, "store.core_share_percent"),
        ({"site": Site(latitude="91", longitude="0")}, "store.latitude"),
        ({"site": Site(latitude="0", longitude="181")}, "store.longitude"),
        ({"site": Site(latitude="0")}, "store.longitude"),
        ({"site": Site(country_code="UK")}, "store.country_code"),
    ],
)
async def test_a_wrong_field_of_a_store_is_named(desk: Desk, fields: dict[str, object], path: str) -> None:
    """And nothing is stored."""
    with pytest.raises(Permanent) as refused:
        await put_store(desk, replace(YORK, **fields))  # type: ignore[arg-type]
    assert refused.value.path == path
    async with desk.core.read(TENANT) as uow:
        assert [store.store for store in await uow.stores.list("", 10)] == ["leeds"]


@pytest.mark.parametrize(
    ("fields", "reason", "path"),
    [
        ({"location": "d c"}, Reason.FIELD_INVALID, "location.location"),
        ({"name": " "}, Reason.FIELD_INVALID, "location.name"),
        ({"wms_url": "wms.example"}, Reason.FIELD_INVALID, "location.wms_url"),
        ({"wms_secret": "letmein"}, Reason.FIELD_INVALID, "location.wms_secret"),
        ({"wms_secret": "whsec_*"}, Reason.FIELD_INVALID, "location.wms_secret"),
        ({"wms_secret": f"{SECRET},{SECRET},{SECRET}"}, Reason.FIELD_INVALID, "location.wms_secret"),
        ({"wms_secret": ""}, Reason.FIELD_MISSING, "location.wms_secret"),
        ({"daily_capacity": -1}, Reason.FIELD_INVALID, "location.daily_capacity"),
        ({"location": "leeds"}, Reason.ALREADY_EXISTS, "location.location"),
    ],
)
async def test_a_wrong_field_of_a_warehouse_is_named(
    desk: Desk, fields: dict[str, object], reason: Reason, path: str
) -> None:
    """A store's own location among them."""
    with pytest.raises(Permanent) as refused:
        await put_location(desk, replace(DC, **fields))  # type: ignore[arg-type]
    assert (refused.value.reason, refused.value.path) == (reason, path)


async def test_a_warehouses_id_is_no_stores(desk: Desk) -> None:
    """One place, one kind."""
    await put_location(desk, DC)
    with pytest.raises(Permanent) as refused:
        await put_store(desk, replace(YORK, store="dc"))
    assert (refused.value.reason, refused.value.path) == (Reason.ALREADY_EXISTS, "store.store")
