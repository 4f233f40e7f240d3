"""Tables of background work: due work, changes before and after their numbering, leases, and this database's feed id.

change_pending --number(), under feed_lease--> feed_item (tenant, audience, kind, subject) at its newest revision
                                               feed_audience: the newest revision of each audience
"""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from core_service.store.tables.metadata import METADATA, integer, key_bytes, key_integer, key_text, tenant_table, text

_OPEN = sql("state = 'open'")

work = tenant_table(
    "work",
    key_text("work_id"),
    text("kind"),
    text("subject"),
    text("destination"),
    integer("due_at"),
    integer("priority"),
    integer("max_attempts"),
    text("state"),
    integer("attempts"),
    integer("fence"),
    text("owner"),
    text("reason"),
    text("sentence"),
    integer("enqueued_at"),
    integer("finished_at"),
    Index(None, "priority", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
)
"""Held work is open with `due_at` at the end of its lease. Its one index serves workers across tenants, hence without the tenant."""

change_pending = tenant_table(
    "change_pending",
    key_bytes("unit"),
    key_integer("ordinal"),
    text("audience"),
    text("kind"),
    text("subject"),
)
"""Changes not numbered yet. `unit` names their transaction, milliseconds first, so that none is overlooked however late it commits."""

feed_item = tenant_table(
    "feed_item",
    key_text("audience"),
    key_text("kind"),
    key_text("subject"),
    integer("revision"),
    Index(None, "tenant", "audience", "revision", unique=True),
)

feed_audience = tenant_table("feed_audience", key_text("audience"), integer("revision"))

feed_lease = Table("feed_lease", METADATA, key_text("name"), text("owner"), integer("fence"), integer("expires_at"))

feed_identity = Table("feed_identity", METADATA, key_integer("only"), text("feed_id"))
"""One row: the id under which this database's feeds are known."""
