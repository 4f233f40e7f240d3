"""Which adapters for warehouse systems there are: a location's settings in, its WarehouseSystem out; listed by hand, sorted."""

from __future__ import annotations

import httpx2

from adapters.wms.contract import WarehouseSystem
from adapters.wms.generic_rest.client import GenericRestWarehouse

NAMES = ("generic_rest",)


def warehouse_system(client: httpx2.AsyncClient, url: str, secret: str) -> WarehouseSystem:
    """Return the adapter for a location. `secret` may hold several, separated by commas, while one is rotated: the first one is ours to send."""
    return GenericRestWarehouse(client, url, secret.split(",", maxsplit=1)[0])
