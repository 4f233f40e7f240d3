"""Tables of orders: orders, lines, reservations, parked exceptions, lineage, first answers, webhook inbox, audit."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from core_service.store.tables.metadata import (
    child_of,
    flag,
    integer,
    key_integer,
    key_text,
    octets,
    optional_integer,
    tenant_table,
    text,
)

order = tenant_table(
    "customer_order",
    key_text("order_id"),
    text("reference"),
    text("source"),
    text("status"),
    text("ship_to"),
    optional_integer("total"),
    text("currency"),
    integer("created_at"),
    integer("updated_at"),
    integer("version"),
    text("location"),
    integer("routed_at"),
    text("tracking_number"),
    text("sentence"),
    text("receipt_id"),
    text("sale_id"),
    text("store"),
    Index(None, "tenant", "created_at", "order_id"),
    Index(None, "tenant", "status", "created_at", "order_id"),
    Index(None, "tenant", "reference"),
    Index(None, "tenant", "location", "routed_at"),
)

order_line = tenant_table(
    "order_line",
    key_text("order_id"),
    key_integer("ordinal"),
    integer("number"),
    text("sku"),
    integer("quantity"),
    optional_integer("unit_price"),
    text("currency"),
    child_of("customer_order", "order_id"),
)


reservation = tenant_table(
    "reservation",
    key_text("order_id"),
    key_integer("line"),
    key_integer("ordinal"),
    text("location"),
    text("sku"),
    integer("quantity"),
    flag("open"),
    integer("created_at"),
    Index(None, "tenant", "location", "sku", "created_at", sqlite_where=sql("open = 1"), postgresql_where=sql("open")),
)

parked_exception = tenant_table(
    "parked_exception",
    key_text("exception_id"),
    text("reason"),
    text("sentence"),
    text("owner"),
    text("source"),
    integer("created_at"),
    text("status"),
    text("reference"),
    text("dialect"),
    text("dialect_version"),
    integer("replays"),
    text("record_id"),
    text("agent"),
    octets("epoch"),
    integer("sequence"),
    Index(None, "tenant", "created_at", "exception_id"),
    Index(None, "tenant", "status", "reason", "created_at", "exception_id"),
)

lineage = tenant_table(
    "lineage",
    key_text("record_id"),
    key_integer("ordinal"),
    integer("at"),
    text("stage"),
    text("sentence"),
    text("details"),
)

answer = tenant_table(
    "answer",
    key_text("caller"),
    key_text("method"),
    key_text("request_id"),
    octets("digest"),
    octets("answer"),
    integer("at"),
    clustered=False,
)

webhook_event = tenant_table(
    "webhook_event",
    key_text("location"),
    key_text("event_id"),
    text("raw_id"),
    integer("received_at"),
    flag("processed"),
)

audit = tenant_table(
    "audit",
    key_text("subject"),
    key_integer("ordinal"),
    integer("at"),
    text("actor"),
    text("action"),
    text("note"),
)
