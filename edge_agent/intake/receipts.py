"""Receipt ids: whose message and what it says in, the same id for ever out, also from a new box after the old disk was lost. PURE."""

from __future__ import annotations

from adapters.canonical.key import BusinessKey, derived_id


def receipt_id(store: str, till: str, key: BusinessKey) -> str:
    """Return `rcp_` and 26 characters of base32 (130 bits) that depend on nothing but the till's own facts."""
    return derived_id("rcp", store, till, *key.name, key.revision, key.fingerprint_version, key.fingerprint.hex())
