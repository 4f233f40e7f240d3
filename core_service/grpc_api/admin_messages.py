"""Set-up on the wire: messages to drafts, records to messages; secrets never go out."""

from __future__ import annotations

from decimal import Decimal

from core_service.domain.setup import Credential, Location, LocationKind, Sku, Store, Tenant, Till
from core_service.grpc_api.convert import timestamp
from core_service.setup.catalogue import SkuDraft
from core_service.setup.fields import invalid
from core_service.setup.shops import LocationDraft, Site, StoreDraft
from core_service.setup.tills import TillDraft
from tillstream.oms.v1 import admin_service_pb2 as wire

_KINDS = {
    LocationKind.STORE: wire.LOCATION_KIND_STORE,
    LocationKind.WAREHOUSE: wire.LOCATION_KIND_WAREHOUSE,
}


def store_draft(message: wire.Store) -> StoreDraft:
    """Return a store as the caller wrote it."""
    return StoreDraft(
        store=message.store,
        name=message.name,
        time_zone=message.time_zone,
        currency_code=message.currency_code,
        closing_time=message.closing_time,
        core_share_percent=message.core_share_percent,
        site=Site(latitude=message.latitude, longitude=message.longitude, country_code=message.country_code),
    )


def location_draft(message: wire.Location) -> LocationDraft:
    """Return a warehouse as the caller wrote it; raise Permanent(FIELD_INVALID) for another kind of location."""
    if message.kind != wire.LOCATION_KIND_WAREHOUSE:
        raise invalid("location.kind", "it has to be LOCATION_KIND_WAREHOUSE; a store's location comes with PutStore")
    return LocationDraft(
        location=message.location,
        name=message.name,
        wms_url=message.wms_url,
        wms_secret=message.wms_secret,
        daily_capacity=message.daily_capacity,
        closed=message.closed,
        site=Site(latitude=message.latitude, longitude=message.longitude, country_code=message.country_code),
    )


def sku_draft(message: wire.Sku) -> SkuDraft:
    """Return a SKU as the caller wrote it."""
    return SkuDraft(
        sku=message.sku,
        name=message.name,
        gtins=tuple(message.gtins),
        aliases=tuple(message.aliases),
        retired=message.retired,
    )


def till_draft(message: wire.Till) -> TillDraft:
    """Return a till as the caller wrote it."""
    return TillDraft(
        store=message.store,
        till=message.till,
        dialect=message.dialect,
        webhook_secret=message.webhook_secret,
        webhook_url=message.webhook_url,
        retired=message.retired,
    )


def tenant(record: Tenant) -> wire.Tenant:
    """Return a tenant's message."""
    return wire.Tenant(tenant=record.tenant, name=record.name)


def store(record: Store, site: Location | None) -> wire.Store:
    """Return a store's message with where its location is."""
    return wire.Store(
        store=record.store,
        name=record.name,
        time_zone=record.time_zone,
        closing_time=f"{record.closing_time:%H:%M}",
        currency_code=record.currency,
        core_share_percent=record.core_share_percent,
        latitude=_degrees(site.latitude) if site else "",
        longitude=_degrees(site.longitude) if site else "",
        country_code=site.country_code if site else "",
    )


def location(record: Location) -> wire.Location:
    """Return a location's message without its secret."""
    return wire.Location(
        location=record.location,
        name=record.name,
        kind=_KINDS[record.kind],
        wms_url=record.wms_url,
        daily_capacity=record.daily_capacity,
        latitude=_degrees(record.latitude),
        longitude=_degrees(record.longitude),
        country_code=record.country_code,
        closed=record.closed,
    )


def sku(record: Sku) -> wire.Sku:
    """Return a SKU's message."""
    return wire.Sku(
        sku=record.sku, name=record.name, gtins=record.gtins, aliases=record.aliases, retired=record.retired
    )


def till(record: Till) -> wire.Till:
    """Return a till's message without its secret."""
    return wire.Till(
        store=record.store,
        till=record.till,
        dialect=record.dialect,
        webhook_url=record.webhook_url,
        retired=record.retired,
    )


def credential(record: Credential) -> wire.Credential:
    """Return a credential's message without its secret."""
    return wire.Credential(
        credential=record.credential,
        name=record.name,
        scopes=sorted(record.scopes),
        create_time=timestamp(record.created_at),
        revoked=record.revoked,
    )


def _degrees(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
