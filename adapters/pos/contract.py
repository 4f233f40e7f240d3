"""What every POS dialect promises: bytes of one till message in, one Reading out, or a Permanent error with reason and path.

The suite that proves it is `tests/contracts/pos_dialect.py`; a dialect's own test is a fixture plus inheritance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from adapters.canonical.sale import Reading


class Door(StrEnum):
    """Which door of the agent a message came through; `plain` has one shape a door, vendors ignore it."""

    SALES = "sales"
    RETURNS = "returns"
    VOIDS = "voids"


@dataclass(frozen=True, slots=True, kw_only=True)
class TillContext:
    """What is known about the sender besides the bytes. It is journalled, so that the core reads with the same context."""

    store: str
    till: str
    currency: str
    received_at: datetime
    time_zone: ZoneInfo = ZoneInfo("UTC")
    closing_time: time = time(0, 0)


class PosDialect(Protocol):
    """A till language. `name` and `version` go with every record it read; both sides call `mask` before anything is stored."""

    name: str
    version: str

    def mask(self, raw: bytes) -> bytes:
        """Return the message with card numbers masked (first 6, last 4) and track, CVV and PIN data removed, otherwise unchanged byte for byte.

        Raises Permanent(CARD_DATA_UNLOCATED) when it looks like card data that the dialect cannot locate, and Permanent with the
        strict decoder's reasons when the bytes are no message at all. Idempotent: masking again changes nothing.
        """

    def read(self, raw: bytes, context: TillContext) -> Reading:
        """Return what the (masked) message means.

        Raises Permanent with a stable reason, a sentence that says what to change, and the path of the offending field.
        """
