"""Tables of ingest: stream positions, inbox with verdicts, business keys, tills' documents, sealed raw bytes."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary
from sqlalchemy import text as sql

from core_service.store.tables.metadata import (
    child_of,
    flag,
    integer,
    key_bytes,
    key_integer,
    key_text,
    octets,
    optional_integer,
    optional_text,
    tenant_table,
    text,
)

stream = tenant_table(
    "stream",
    key_text("agent"),
    key_bytes("epoch"),
    integer("watermark"),
    octets("chain"),
    octets("session"),
)
"""One row per (agent, epoch). The agent's session stands in each of its rows, so that moving a watermark is an update of one row."""

_HAS_RECEIPT = sql("receipt_id <> ''")

inbox = tenant_table(
    "inbox",
    key_text("agent"),
    key_bytes("epoch"),
    key_integer("sequence"),
    text("store"),
    text("kind"),
    text("transport"),
    text("dialect"),
    text("dialect_version"),
    text("till"),
    octets("raw_sha256"),
    integer("received_at_us"),
    text("receipt_id"),
    optional_text("key_kind"),
    optional_text("key_source"),
    optional_text("key_reference"),
    optional_integer("key_revision"),
    Column("key_fingerprint", LargeBinary, nullable=True),
    optional_integer("key_fingerprint_version"),
    text("reason"),
    text("sentence"),
    octets("chain"),
    octets("previous_epoch"),
    integer("previous_sequence"),
    text("traceparent"),
    text("outcome"),
    text("verdict_reason"),
    text("verdict_sentence"),
    text("record_id"),
    text("order_ids"),
    text("raw_id"),
    integer("committed_at"),
    Index(None, "tenant", "receipt_id", sqlite_where=_HAS_RECEIPT, postgresql_where=_HAS_RECEIPT),
)
"""Entries without their raw bytes, of which the digest stays; `received_at_us` is exact since the chain covers it."""

business_key = tenant_table(
    "business_key",
    key_text("kind"),
    key_text("source"),
    key_text("reference"),
    key_integer("revision"),
    octets("fingerprint"),
    integer("fingerprint_version"),
    text("record_id"),
)

sale = tenant_table(
    "sale",
    key_text("sale_id"),
    key_integer("revision"),
    text("store"),
    text("till"),
    text("receipt_id"),
    text("kind"),
    text("reference"),
    text("currency"),
    integer("occurred_at"),
    integer("utc_offset_minutes"),
    optional_text("business_day"),
    optional_text("original_reference"),
    optional_integer("total"),
    optional_integer("tax"),
    flag("tax_included"),
    optional_integer("discount"),
    optional_integer("tip"),
    optional_text("ship_to"),
    text("attributes"),
    text("dialect"),
    text("dialect_version"),
    integer("booked_at"),
    text("raw_id"),
    text("voided_by"),
)

sale_line = tenant_table(
    "sale_line",
    key_text("sale_id"),
    key_integer("revision"),
    key_integer("ordinal"),
    integer("number"),
    text("item"),
    integer("quantity"),
    text("description"),
    optional_integer("unit_price"),
    optional_integer("discount"),
    optional_integer("total"),
    text("fulfilment"),
    child_of("sale", "sale_id", "revision"),
)
"""Amounts are in the currency of the sale."""

sale_tender = tenant_table(
    "sale_tender",
    key_text("sale_id"),
    key_integer("revision"),
    key_integer("ordinal"),
    text("kind"),
    integer("minor_units"),
    text("currency"),
    text("reference"),
    child_of("sale", "sale_id", "revision"),
)

sale_fact = tenant_table(
    "sale_fact",
    key_text("fact_id"),
    text("store"),
    text("kind"),
    text("reference"),
    text("about"),
    integer("occurred_at"),
    optional_integer("minor_units"),
    text("currency"),
    text("status"),
    text("sale_id"),
    text("raw_id"),
    integer("booked_at"),
    Index(None, "tenant", "sale_id"),
)

sealed_raw = tenant_table(
    "sealed_raw",
    key_text("raw_id"),
    octets("wrapped_key"),
    octets("ciphertext"),
    clustered=False,
)
"""No `wrapped_key` means erased; the row stays so that the bytes are not put there again."""
