"""Tables of the fleet: agents, join tokens, certificates."""

from __future__ import annotations

from sqlalchemy import Index, Table

from core_service.store.tables.metadata import (
    METADATA,
    integer,
    key_bytes,
    key_text,
    octets,
    optional_integer,
    tenant_table,
    text,
)

agent = tenant_table(
    "agent",
    key_text("agent"),
    text("store"),
    integer("enrolled_at"),
    text("serial"),
    integer("certificate_expires_at"),
    optional_integer("revoked_at"),
    optional_integer("last_seen_at"),
    text("version"),
    integer("clock_offset_ms"),
    octets("epoch"),
)

join_token = tenant_table(
    "join_token",
    key_bytes("token_hash"),
    text("store"),
    text("agent"),
    integer("expires_at"),
    optional_integer("used_at"),
    octets("used_key_hash"),
)

join_token_tenant = Table("join_token_tenant", METADATA, key_bytes("token_hash"), text("tenant"))
"""Directory for enrolment, when the tenant is not known yet: whose token it is, nothing else."""

certificate = tenant_table(
    "certificate",
    key_text("serial"),
    text("agent"),
    text("store"),
    integer("issued_at"),
    integer("expires_at"),
    octets("certificate_pem"),
    octets("recovered_key_hash"),
    Index(None, "tenant", "agent", "issued_at"),
    clustered=False,
)
