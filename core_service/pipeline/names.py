"""What the core calls its records: a tenant and what happened in, the same id for ever out (invariant 9); pure."""

from __future__ import annotations

from adapters.canonical.entry import Entry, EntryId
from adapters.canonical.key import BusinessKey, derived_id

SALE = "sale"
ORIGINAL_KINDS = (SALE, "return")
"""What a void may be about, in the order looked for."""


def record_id(tenant: str, key: BusinessKey) -> str:
    """Return the id of a document in all its revisions."""
    return derived_id("sal", tenant, *key.name)


def fact_id(tenant: str, key: BusinessKey) -> str:
    """Return the id of one revision of a payment or refund."""
    return derived_id("fac", tenant, *key.name, key.revision)


def sale_id_about(tenant: str, source: str, reference: str) -> str:
    """Return the id that a sale has, or will have, by its number."""
    return derived_id("sal", tenant, SALE, source, reference)


def order_source(key_source: str) -> str:
    """Return an order's source for a till's business key source (`<store>/<till>`)."""
    return f"till/{key_source}"


def order_reference(reference: str, revision: int | None) -> str:
    """Return the number of an order of a document; an amendment that changes what is shipped makes another order."""
    return reference if revision is None else f"{reference}#{revision}"


def order_id(tenant: str, source: str, reference: str, revision: int | None = None) -> str:
    """Return the id of an order; with `revision` that of the order which an amendment of the document made instead."""
    return derived_id("ord", tenant, source, reference, *(() if revision is None else (revision,)))


def raw_id(tenant: str, agent: str, entry: EntryId) -> str:
    """Return the id under which an entry's bytes are sealed."""
    return derived_id("raw", tenant, agent, entry.epoch.hex(), entry.sequence)


def exception_id(tenant: str, store: str, agent: str, entry: Entry) -> str:
    """Return the id of a parked entry: by its business key, so that a repeat of a parked message parks nothing new.

    The store is part of it: what one store's agent claims never stands in for another store's message.
    """
    key = entry.content.key
    if key is not None:
        return derived_id("exc", tenant, store, *key.name, key.revision, key.fingerprint.hex())
    place = entry.previous_id or entry.id
    return derived_id("exc", tenant, agent, place.epoch.hex(), place.sequence)


def gap_id(tenant: str, agent: str, epoch: bytes, first: int, last: int) -> str:
    """Return the id of a declared gap's exception."""
    return derived_id("exc", tenant, agent, epoch.hex(), "gap", first, last)


def alarm_id(tenant: str, *about: str) -> str:
    """Return the id of an exception that is about a record, not a message."""
    return derived_id("exc", tenant, "alarm", *about)


def transfer_id(tenant: str, cause: str, line: int) -> str:
    """Return the id of a grant of rights."""
    return derived_id("rts", tenant, cause, line)


def work_id(tenant: str, kind: str, subject: str, ordinal: int = 0) -> str:
    """Return the id of a piece of work."""
    return derived_id("wrk", tenant, kind, subject, ordinal)
