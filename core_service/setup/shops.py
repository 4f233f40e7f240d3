"""Stores and locations: drafts as written in, checked records and the news for stores' agents out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.wms.signature import secret_key
from core_service.domain.setup import Location, LocationKind, Store
from core_service.ports.unit_of_work import UnitOfWork
from core_service.ports.work import ChangeKind
from core_service.setup.desk import Desk, all_skus, all_tills, told
from core_service.setup.fields import (
    between,
    closing_time,
    coordinate,
    country,
    currency,
    invalid,
    label,
    slug,
    time_zone,
    web_address,
)

_MOST_A_DAY = 10_000_000
_MOST_SECRETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a store or location is, as written: degrees as decimal text, ISO 3166-1 alpha-2; empty when unknown."""

    latitude: str = ""
    longitude: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDraft:
    """A store as written. `closing_time` is `HH:MM`, empty for midnight."""

    store: str
    name: str
    time_zone: str
    currency_code: str
    closing_time: str = ""
    core_share_percent: int = 20
    site: Site = Site()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDraft:
    """A warehouse as written. An empty `wms_secret` keeps the present one; two with a comma between them while it is changed."""

    location: str
    name: str
    wms_url: str = ""
    wms_secret: str = ""
    daily_capacity: int = 0
    closed: bool = False
    site: Site = Site()


async def put_store(desk: Desk, draft: StoreDraft) -> tuple[Store, Location]:
    """Create or replace a store and the location of its stock; a new store's agent is told of every SKU."""
    store = _store(draft)
    async with desk.core.begin(desk.tenant) as uow:
        known = await uow.stores.get(store.store)
        before = await uow.locations.get(store.store)
        if before is not None and before.kind is not LocationKind.STORE:
            sentence = f"There is a warehouse {store.store!r} already; give the store another id."
            raise Permanent(Reason.ALREADY_EXISTS, sentence, path="store.store")
        location = _sited(
            before or Location(location=store.store, name=store.name, kind=LocationKind.STORE), draft.site, "store"
        )
        location = replace(location, name=store.name)
        await uow.stores.put(store)
        await uow.locations.put(location)
        if known is None:
            await uow.changes.record(told([store.store], ChangeKind.SKU, await all_skus(uow)))
        await uow.changes.record(told([store.store], ChangeKind.TILL, await all_tills(uow, store.store)))
        await uow.audit.add(desk.audited("put_store", store.store))
        await uow.commit()
    return store, location


async def put_location(desk: Desk, draft: LocationDraft) -> Location:
    """Create or replace a warehouse; stores' locations come with their stores."""
    wanted = _location(draft)
    async with desk.core.begin(desk.tenant) as uow:
        location = await _with_secret(uow, wanted)
        await uow.locations.put(location)
        await uow.audit.add(desk.audited("put_location", location.location))
        await uow.commit()
    return location


def _store(draft: StoreDraft) -> Store:
    return Store(
        store=slug(draft.store, "store.store"),
        name=label(draft.name, "store.name"),
        time_zone=time_zone(draft.time_zone, "store.time_zone"),
        closing_time=closing_time(draft.closing_time, "store.closing_time"),
        currency=currency(draft.currency_code, "store.currency_code"),
        core_share_percent=between(draft.core_share_percent, "store.core_share_percent", 0, 100),
    )


def _location(draft: LocationDraft) -> Location:
    location = Location(
        location=slug(draft.location, "location.location"),
        name=label(draft.name, "location.name"),
        kind=LocationKind.WAREHOUSE,
        wms_url=web_address(draft.wms_url, "location.wms_url"),
        wms_secret=_secrets(draft.wms_secret, "location.wms_secret"),
        daily_capacity=between(draft.daily_capacity, "location.daily_capacity", 0, _MOST_A_DAY),
        closed=draft.closed,
    )
    return _sited(location, draft.site, "location")


def _sited(location: Location, site: Site, path: str) -> Location:
    latitude = coordinate(site.latitude, f"{path}.latitude", most=90)
    longitude = coordinate(site.longitude, f"{path}.longitude", most=180)
    if (latitude is None) != (longitude is None):
        raise invalid(
            f"{path}.longitude" if longitude is None else f"{path}.latitude", "give both coordinates, or neither"
        )
    code = country(site.country_code, f"{path}.country_code")
    return replace(location, latitude=latitude, longitude=longitude, country_code=code)


async def _with_secret(uow: UnitOfWork, wanted: Location) -> Location:
    before = await uow.locations.get(wanted.location)
    if before is not None and before.kind is LocationKind.STORE:
        sentence = (
            f"{wanted.location!r} is the location of a store; change the store, or give the warehouse another id."
        )
        raise Permanent(Reason.ALREADY_EXISTS, sentence, path="location.location")
    secret = wanted.wms_secret or (before.wms_secret if before else "")
    if wanted.wms_url and not secret:
        sentence = "A warehouse system needs a shared secret, `whsec_` and base64 of at least 16 bytes."
        raise Permanent(Reason.FIELD_MISSING, sentence, path="location.wms_secret")
    return replace(wanted, wms_secret=secret)


def _secrets(value: str, path: str) -> str:
    secrets = value.split(",") if value else []
    if len(secrets) > _MOST_SECRETS:
        raise invalid(path, "two secrets are the most, with a comma between them while one is changed for the other")
    for secret in secrets:
        try:
            secret_key(secret)
        except (Permanent, ValueError) as error:
            raise invalid(path, "a secret is `whsec_` and base64 of at least 16 bytes") from error
    return value
