"""What sales and orders refer to: tenants, stores, locations, SKUs, tills, credentials; records only, checked on construction by `core_service.setup`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum


class Scope(StrEnum):
    """What an API credential may do. PLATFORM_ADMIN belongs to no tenant."""

    PLATFORM_ADMIN = "platform:admin"
    SETUP_READ = "setup:read"
    SETUP_WRITE = "setup:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    EXCEPTIONS_READ = "exceptions:read"
    EXCEPTIONS_WRITE = "exceptions:write"
    FLEET_READ = "fleet:read"
    FLEET_WRITE = "fleet:write"


class LocationKind(StrEnum):
    """What a location is."""

    STORE = "STORE"
    WAREHOUSE = "WAREHOUSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A chain of stores."""

    tenant: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A shop; a location of kind STORE with the same id holds its stock."""

    store: str
    name: str
    time_zone: str
    closing_time: time
    currency: str
    core_share_percent: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that holds stock. Without `wms_url` nothing is routed there. Coordinates in degrees."""

    location: str
    name: str
    kind: LocationKind
    country_code: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    wms_url: str = ""
    wms_secret: str = ""
    daily_capacity: int = 0
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """A thing that is sold; a till may name it by SKU, GTIN or alias."""

    sku: str
    name: str
    gtins: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """A point of sale and the dialect it speaks."""

    store: str
    till: str
    dialect: str
    webhook_secret: str = ""
    webhook_url: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TillKey:
    """SHA-256 of an API key of a till; `expires_at` is None for the current one, the end of the overlap for the one before."""

    store: str
    till: str
    key_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An API credential; the bearer token's secret half is stored as SHA-256. `tenant` is empty for the platform's own."""

    credential: str
    tenant: str
    name: str
    scopes: frozenset[Scope]
    secret_hash: bytes
    created_at: datetime
    revoked: bool = False
