"""Runs migrations on the connection that `core_service.store.schema.migrate` gives; in one transaction."""

from __future__ import annotations

from alembic import context

from core_service.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
