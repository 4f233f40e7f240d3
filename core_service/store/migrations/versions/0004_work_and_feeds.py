"""Work and feeds: creates change_pending, feed_audience, feed_identity, feed_item, feed_lease, work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
    _change_pending()
    _feed_audience()
    _feed_identity()
    _feed_item()
    _feed_lease()
    _work()


def _change_pending() -> None:
    op.create_table(
        "change_pending",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("unit", sa.LargeBinary(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "unit", "ordinal", name=op.f("pk_change_pending")),
        sqlite_with_rowid=False,
    )


def _feed_audience() -> None:
    op.create_table(
        "feed_audience",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "audience", name=op.f("pk_feed_audience")),
        sqlite_with_rowid=False,
    )


def _feed_identity() -> None:
    op.create_table(
        "feed_identity",
        sa.Column("only", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_feed_identity")),
    )


def _feed_item() -> None:
    op.create_table(
        "feed_item",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "audience", "kind", "subject", name=op.f("pk_feed_item")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_feed_item_tenant_audience_revision"), "feed_item", ["tenant", "audience", "revision"], unique=True
    )


def _feed_lease() -> None:
    op.create_table(
        "feed_lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_lease")),
    )


def _work() -> None:
    op.create_table(
        "work",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("work_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "work_id", name=op.f("pk_work")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_work_priority_due_at"),
        "work",
        ["priority", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
