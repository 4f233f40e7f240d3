"""Which door of the agent a document belongs to: a reading in, its door out; a document at the wrong door is refused."""

from __future__ import annotations

from adapters.canonical.sale import DocumentKind, Reading, Sale
from adapters.errors import Permanent
from adapters.pos.contract import Door
from adapters.reasons import Reason

BY_DOOR = frozenset({"plain"})
"""Dialects whose documents must come through the door of their kind; vendors post everything to one address."""

_DOORS = {
    DocumentKind.SALE: Door.SALES,
    DocumentKind.RETURN: Door.RETURNS,
    DocumentKind.VOID: Door.VOIDS,
}


def door_of(reading: Reading) -> Door | None:
    """Return the door of a document; None for a later fact or a message that is no sale, which may come through any."""
    return _DOORS[reading.document.kind] if isinstance(reading.document, Sale) else None


def check_door(dialect: str, reading: Reading, door: Door) -> None:
    """Raise Permanent(FIELD_INVALID) when a document came through another door than its own."""
    own = door_of(reading)
    if dialect in BY_DOOR and own is not None and own is not door:
        sentence = f"A document of this type belongs to /v1/{own}, not /v1/{door}; set `type` or send it there."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="$.type")
