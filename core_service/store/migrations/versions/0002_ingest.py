"""Ingest: creates business_key, inbox, sale, sale_fact, sealed_raw, stream, sale_line, sale_tender."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    _business_key()
    _inbox()
    _sale()
    _sale_fact()
    _sealed_raw()
    _stream()
    _sale_line()
    _sale_tender()


def _business_key() -> None:
    op.create_table(
        "business_key",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint_version", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "source", "reference", "revision", name=op.f("pk_business_key")),
        sqlite_with_rowid=False,
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("epoch", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("dialect_version", sa.Text(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("key_kind", sa.Text(), nullable=True),
        sa.Column("key_source", sa.Text(), nullable=True),
        sa.Column("key_reference", sa.Text(), nullable=True),
        sa.Column("key_revision", sa.BigInteger(), nullable=True),
        sa.Column("key_fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("key_fingerprint_version", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("previous_epoch", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sequence", sa.BigInteger(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("verdict_reason", sa.Text(), nullable=False),
        sa.Column("verdict_sentence", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("order_ids", sa.Text(), nullable=False),
        sa.Column("raw_id", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "agent", "epoch", "sequence", name=op.f("pk_inbox")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_inbox_tenant_receipt_id"),
        "inbox",
        ["tenant", "receipt_id"],
        unique=False,
        sqlite_where=sa.text("receipt_id <> ''"),
        postgresql_where=sa.text("receipt_id <> ''"),
    )


def _sale() -> None:
    op.create_table(
        "sale",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("utc_offset_minutes", sa.BigInteger(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=True),
        sa.Column("original_reference", sa.Text(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("tax", sa.BigInteger(), nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=True),
        sa.Column("tip", sa.BigInteger(), nullable=True),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("dialect_version", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("raw_id", sa.Text(), nullable=False),
        sa.Column("voided_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sale_id", "revision", name=op.f("pk_sale")),
        sqlite_with_rowid=False,
    )


def _sale_fact() -> None:
    op.create_table(
        "sale_fact",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("minor_units", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("raw_id", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "fact_id", name=op.f("pk_sale_fact")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sale_fact_tenant_sale_id"), "sale_fact", ["tenant", "sale_id"], unique=False)


def _sealed_raw() -> None:
    op.create_table(
        "sealed_raw",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("raw_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "raw_id", name=op.f("pk_sealed_raw")),
        sqlite_with_rowid=True,
    )


def _stream() -> None:
    op.create_table(
        "stream",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("epoch", sa.LargeBinary(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "agent", "epoch", name=op.f("pk_stream")),
        sqlite_with_rowid=False,
    )


def _sale_line() -> None:
    op.create_table(
        "sale_line",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("discount", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("fulfilment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "sale_id", "revision"],
            ["sale.tenant", "sale.sale_id", "sale.revision"],
            name=op.f("fk_sale_line_sale"),
        ),
        sa.PrimaryKeyConstraint("tenant", "sale_id", "revision", "ordinal", name=op.f("pk_sale_line")),
        sqlite_with_rowid=False,
    )


def _sale_tender() -> None:
    op.create_table(
        "sale_tender",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("minor_units", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "sale_id", "revision"],
            ["sale.tenant", "sale.sale_id", "sale.revision"],
            name=op.f("fk_sale_tender_sale"),
        ),
        sa.PrimaryKeyConstraint("tenant", "sale_id", "revision", "ordinal", name=op.f("pk_sale_tender")),
        sqlite_with_rowid=False,
    )
