"""Stock and orders: creates answer, audit, customer_order, lineage, movement, parked_exception, position, reservation, rights_transfer, webhook_event, order_line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    _answer()
    _audit()
    _customer_order()
    _lineage()
    _movement()
    _parked_exception()
    _position()
    _reservation()
    _rights_transfer()
    _webhook_event()
    _order_line()


def _answer() -> None:
    op.create_table(
        "answer",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "caller", "method", "request_id", name=op.f("pk_answer")),
        sqlite_with_rowid=True,
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "subject", "ordinal", name=op.f("pk_audit")),
        sqlite_with_rowid=False,
    )


def _customer_order() -> None:
    op.create_table(
        "customer_order",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("routed_at", sa.BigInteger(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "order_id", name=op.f("pk_customer_order")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_customer_order_tenant_created_at_order_id"),
        "customer_order",
        ["tenant", "created_at", "order_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_customer_order_tenant_location_routed_at"),
        "customer_order",
        ["tenant", "location", "routed_at"],
        unique=False,
    )
    op.create_index(op.f("ix_customer_order_tenant_reference"), "customer_order", ["tenant", "reference"], unique=False)
    op.create_index(
        op.f("ix_customer_order_tenant_status_created_at_order_id"),
        "customer_order",
        ["tenant", "status", "created_at", "order_id"],
        unique=False,
    )


def _lineage() -> None:
    op.create_table(
        "lineage",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "record_id", "ordinal", name=op.f("pk_lineage")),
        sqlite_with_rowid=False,
    )


def _movement() -> None:
    op.create_table(
        "movement",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("from_location", sa.Text(), nullable=False),
        sa.Column("to_location", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "cause", "line", "ordinal", name=op.f("pk_movement")),
        sqlite_with_rowid=False,
    )


def _parked_exception() -> None:
    op.create_table(
        "parked_exception",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("exception_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("dialect_version", sa.Text(), nullable=False),
        sa.Column("replays", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("epoch", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "exception_id", name=op.f("pk_parked_exception")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_parked_exception_tenant_created_at_exception_id"),
        "parked_exception",
        ["tenant", "created_at", "exception_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_parked_exception_tenant_status_reason_created_at_exception_id"),
        "parked_exception",
        ["tenant", "status", "reason", "created_at", "exception_id"],
        unique=False,
    )


def _position() -> None:
    op.create_table(
        "position",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("store_rights", sa.BigInteger(), nullable=False),
        sa.Column("core_rights", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("in_flight", sa.BigInteger(), nullable=False),
        sa.Column("overdrawn", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "location", "sku", name=op.f("pk_position")),
        sqlite_with_rowid=False,
    )


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "order_id", "line", "ordinal", name=op.f("pk_reservation")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_reservation_tenant_location_sku_created_at"),
        "reservation",
        ["tenant", "location", "sku", "created_at"],
        unique=False,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )


def _rights_transfer() -> None:
    op.create_table(
        "rights_transfer",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("to_store", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "transfer_id", name=op.f("pk_rights_transfer")),
        sqlite_with_rowid=False,
    )


def _webhook_event() -> None:
    op.create_table(
        "webhook_event",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("raw_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("processed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "location", "event_id", name=op.f("pk_webhook_event")),
        sqlite_with_rowid=False,
    )


def _order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "order_id"],
            ["customer_order.tenant", "customer_order.order_id"],
            name=op.f("fk_order_line_customer_order"),
        ),
        sa.PrimaryKeyConstraint("tenant", "order_id", "ordinal", name=op.f("pk_order_line")),
        sqlite_with_rowid=False,
    )
