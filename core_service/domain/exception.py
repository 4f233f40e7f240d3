"""A parked message: what could not be booked, why, and who should act; replayed after a fix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.reasons import Reason


class ExceptionStatus(StrEnum):
    """Where an exception stands."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedException:
    """A parked message. Its raw bytes are sealed under `exception_id`; `entry_*` say which journal entry it was, if one."""

    exception_id: str
    reason: Reason
    sentence: str
    owner: str
    source: str
    created_at: datetime
    status: ExceptionStatus = ExceptionStatus.OPEN
    reference: str = ""
    dialect: str = ""
    dialect_version: str = ""
    replays: int = 0
    record_id: str = ""
    agent: str = ""
    epoch: bytes = b""
    sequence: int = 0
