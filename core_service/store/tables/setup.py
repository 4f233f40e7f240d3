"""Tables of what is set up: tenants, stores, locations, SKUs and their names, tills and their keys, credentials."""

from __future__ import annotations

from sqlalchemy import Index, Table

from core_service.store.tables.metadata import (
    METADATA,
    child_of,
    flag,
    integer,
    key_bytes,
    key_text,
    octets,
    optional_integer,
    optional_text,
    tenant_table,
    text,
)

tenant = Table("tenant", METADATA, key_text("tenant"), text("name"), octets("wrapped_key"), integer("created_at"))

store = tenant_table(
    "store",
    key_text("store"),
    text("name"),
    text("time_zone"),
    text("closing_time"),
    text("currency"),
    integer("core_share_percent"),
)

location = tenant_table(
    "location",
    key_text("location"),
    text("name"),
    text("kind"),
    text("country_code"),
    optional_text("latitude"),
    optional_text("longitude"),
    text("wms_url"),
    text("wms_secret"),
    integer("daily_capacity"),
    flag("closed"),
)

sku = tenant_table("sku", key_text("sku"), text("name"), text("gtins"), text("aliases"), flag("retired"))

sku_name = tenant_table(
    "sku_name",
    key_text("namespace"),
    key_text("name"),
    text("sku"),
    child_of("sku", "sku"),
    Index(None, "tenant", "sku"),
)
"""Every name by which a till may call a SKU: namespace `gtin` (14 digits) or `name` (SKU ids and aliases)."""

till = tenant_table(
    "till",
    key_text("store"),
    key_text("till"),
    text("dialect"),
    text("webhook_secret"),
    text("webhook_url"),
    flag("retired"),
)

till_key = tenant_table(
    "till_key",
    key_text("store"),
    key_text("till"),
    key_bytes("key_hash"),
    integer("created_at"),
    optional_integer("expires_at"),
    child_of("till", "store", "till"),
)

credential = tenant_table(
    "credential",
    key_text("credential"),
    text("name"),
    text("scopes"),
    octets("secret_hash"),
    integer("created_at"),
    flag("revoked"),
)
"""Credentials of tenants; those of the platform stand under the empty tenant."""

credential_tenant = Table("credential_tenant", METADATA, key_text("credential"), text("tenant"))
"""Directory for signing in, when the tenant is not known yet: whose credential it is, nothing else."""
