"""The core's database on SQLAlchemy Core: a URL in, `ports.CoreStore` out; every engine passes tests/contracts/unit_of_work.py."""

from core_service.store.backup import backup, restore
from core_service.store.in_use import alone, in_use
from core_service.store.opening import open_core
from core_service.store.schema import check_current, migrate

__all__ = ["alone", "backup", "check_current", "in_use", "migrate", "open_core", "restore"]
