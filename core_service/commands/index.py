"""Which commands there are: name -> (module, attribute, what it does); read by `--help` without importing any of them."""

from __future__ import annotations

_ROOM = "core_service.commands"

COMMANDS: dict[str, tuple[str, str, str]] = {
    "migrate": (f"{_ROOM}.maintenance", "migrate", "Create or upgrade database, master key and certificate authority."),
    "serve": (f"{_ROOM}.serve", "serve", "Run the core."),
    "tenant": (f"{_ROOM}.sites", "tenant", "Set up tenants."),
    "store": (f"{_ROOM}.sites", "store", "Set up stores."),
    "location": (f"{_ROOM}.sites", "location", "Set up warehouses."),
    "sku": (f"{_ROOM}.items", "sku", "Set up and import the catalogue."),
    "stock": (f"{_ROOM}.records", "stock", "Show stock and import opening stock."),
    "till": (f"{_ROOM}.tills", "till", "Register tills and issue their keys."),
    "credential": (f"{_ROOM}.access", "credential", "Make and end API credentials."),
    "token": (f"{_ROOM}.fleet", "token", "Make one-use join tokens for agents."),
    "agents": (f"{_ROOM}.fleet", "agents", "List agents and shut them out."),
    "ca-certificate": (f"{_ROOM}.maintenance", "ca_certificate", "Print the certificates that API clients trust."),
    "exceptions": (f"{_ROOM}.records", "exceptions", "List, show, replay and close what could not be booked."),
    "why": (f"{_ROOM}.records", "why", "Tell why a record is as it is."),
    "verify-ledger": (f"{_ROOM}.maintenance", "verify_ledger", "Compare stock levels with their movements."),
    "backup": (f"{_ROOM}.maintenance", "backup", "Copy the database while the core runs."),
    "restore": (f"{_ROOM}.maintenance", "restore", "Put a backup in place, with the core stopped."),
}
