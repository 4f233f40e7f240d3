"""Every table of the core, as SQLAlchemy Core knows them; the migrations build exactly these (a test compares both)."""

from core_service.store.tables import fleet, ingest, orders, setup, stock, work
from core_service.store.tables.metadata import METADATA

__all__ = ["METADATA", "fleet", "ingest", "orders", "setup", "stock", "work"]
