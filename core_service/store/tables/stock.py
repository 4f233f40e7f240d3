"""Tables of stock: the ledger of movements, the positions derived from it, and rights on their way."""

from __future__ import annotations

from core_service.store.tables.metadata import flag, integer, key_integer, key_text, tenant_table, text

movement = tenant_table(
    "movement",
    key_text("cause"),
    key_integer("line"),
    key_integer("ordinal"),
    text("sku"),
    text("from_location"),
    text("to_location"),
    integer("quantity"),
    integer("occurred_at"),
    integer("booked_at"),
)

position = tenant_table(
    "position",
    key_text("location"),
    key_text("sku"),
    integer("on_hand"),
    integer("store_rights"),
    integer("core_rights"),
    integer("reserved"),
    integer("in_flight"),
    integer("overdrawn"),
    integer("updated_at"),
)

rights_transfer = tenant_table(
    "rights_transfer",
    key_text("transfer_id"),
    text("store"),
    text("sku"),
    integer("quantity"),
    flag("to_store"),
    text("state"),
    integer("created_at"),
)
