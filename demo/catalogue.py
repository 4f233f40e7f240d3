"""The demonstration's chain: what is set up and what is sold; plain data, so that people see what a real set-up looks like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A thing on the shelf. Price in pence."""

    sku: str
    name: str
    gtin: str
    price: int
    alias: str = ""


TENANT = "acme"
STORES = {
    "leeds": ("Acme Leeds", "Europe/London", "53.7997", "-1.5492"),
    "york": ("Acme York", "Europe/London", "53.9590", "-1.0815"),
}
WAREHOUSE = "north-dc"
TILLS = {"leeds": {"till-1": "plain", "till-2": "plain", "till-3": "square"}, "york": {"till-1": "plain"}}

ITEMS = (
    Item("MUG-BLUE", "Mug, blue", "4006381333931", 850, "W62UWFY35CWMYGVWK6TWJDNI"),
    Item("MUG-RED", "Mug, red", "5901234123457", 850),
    Item("TEA-ASSAM-250", "Assam tea, 250 g", "5010019640260", 425),
    Item("TEA-GREEN-250", "Green tea, 250 g", "5000328657950", 465),
    Item("POT-2L", "Teapot, 2 l", "9780201379624", 2499),
    Item("KETTLE-1L7", "Kettle, 1.7 l", "4012345678901", 3999),
    Item("SPOON-6", "Tea spoons, set of 6", "9783161484100", 1250),
    Item("TRAY-OAK", "Tray, oak", "5012345678900", 1999),
)


def skus_csv() -> str:
    """Return the catalogue as `core-service sku import` reads it."""
    rows = [f'{item.sku},"{item.name}",{item.gtin},{item.alias}' for item in ITEMS]
    return "\n".join(["sku,name,gtins,aliases", *rows]) + "\n"


def stock_csv(per_store: int = 500, in_warehouse: int = 5000) -> str:
    """Return the opening stock as `core-service stock import` reads it."""
    rows = [f"{store},{item.sku},{per_store}" for store in STORES for item in ITEMS]
    rows += [f"{WAREHOUSE},{item.sku},{in_warehouse}" for item in ITEMS]
    return "\n".join(["location,sku,quantity", *rows]) + "\n"
