"""Set-up and fleet: creates agent, certificate, credential, credential_tenant, join_token, join_token_tenant, location, sku, store, tenant, till, sku_name, till_key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    _agent()
    _certificate()
    _credential()
    _credential_tenant()
    _join_token()
    _join_token_tenant()
    _location()
    _sku()
    _store()
    _tenant()
    _till()
    _sku_name()
    _till_key()


def _agent() -> None:
    op.create_table(
        "agent",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("certificate_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "agent", name=op.f("pk_agent")),
        sqlite_with_rowid=False,
    )


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("certificate_pem", sa.LargeBinary(), nullable=False),
        sa.Column("recovered_key_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "serial", name=op.f("pk_certificate")),
        sqlite_with_rowid=True,
    )
    op.create_index(
        op.f("ix_certificate_tenant_agent_issued_at"), "certificate", ["tenant", "agent", "issued_at"], unique=False
    )


def _credential() -> None:
    op.create_table(
        "credential",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "credential", name=op.f("pk_credential")),
        sqlite_with_rowid=False,
    )


def _credential_tenant() -> None:
    op.create_table(
        "credential_tenant",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("credential", name=op.f("pk_credential_tenant")),
    )


def _join_token() -> None:
    op.create_table(
        "join_token",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_key_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "token_hash", name=op.f("pk_join_token")),
        sqlite_with_rowid=False,
    )


def _join_token_tenant() -> None:
    op.create_table(
        "join_token_tenant",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_join_token_tenant")),
    )


def _location() -> None:
    op.create_table(
        "location",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("country_code", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Text(), nullable=True),
        sa.Column("longitude", sa.Text(), nullable=True),
        sa.Column("wms_url", sa.Text(), nullable=False),
        sa.Column("wms_secret", sa.Text(), nullable=False),
        sa.Column("daily_capacity", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "location", name=op.f("pk_location")),
        sqlite_with_rowid=False,
    )


def _sku() -> None:
    op.create_table(
        "sku",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("gtins", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sku", name=op.f("pk_sku")),
        sqlite_with_rowid=False,
    )


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("closing_time", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("core_share_percent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "store", name=op.f("pk_store")),
        sqlite_with_rowid=False,
    )


def _tenant() -> None:
    op.create_table(
        "tenant",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenant")),
    )


def _till() -> None:
    op.create_table(
        "till",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("webhook_secret", sa.Text(), nullable=False),
        sa.Column("webhook_url", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "store", "till", name=op.f("pk_till")),
        sqlite_with_rowid=False,
    )


def _sku_name() -> None:
    op.create_table(
        "sku_name",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "sku"], ["sku.tenant", "sku.sku"], name=op.f("fk_sku_name_sku")),
        sa.PrimaryKeyConstraint("tenant", "namespace", "name", name=op.f("pk_sku_name")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sku_name_tenant_sku"), "sku_name", ["tenant", "sku"], unique=False)


def _till_key() -> None:
    op.create_table(
        "till_key",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "store", "till"], ["till.tenant", "till.store", "till.till"], name=op.f("fk_till_key_till")
        ),
        sa.PrimaryKeyConstraint("tenant", "store", "till", "key_hash", name=op.f("pk_till_key")),
        sqlite_with_rowid=False,
    )
