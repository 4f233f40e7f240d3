"""Whether a fact is new: its business key and what is on record under the name in, the comparison out; pure (invariant 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.canonical.key import BusinessKey
from core_service.ports.ingest import KnownFact


class Standing(StrEnum):
    """How a fact stands to what is on record."""

    NEW = "new"
    REPEAT = "repeat"
    AMENDMENT = "amendment"
    OLDER = "older"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`first` is the fact on record that decided: the same revision, or the newest; None for a new name."""

    standing: Standing
    first: KnownFact | None = None


def compare(key: BusinessKey, on_record: Sequence[KnownFact]) -> Comparison:
    """Compare a key with the facts of the same name, newest revision first.

    Fingerprints of two versions are never compared: the same revision is then taken for a repeat, which cannot book twice.
    """
    if not on_record:
        return Comparison(Standing.NEW)
    for fact in on_record:
        if fact.key.revision == key.revision:
            comparable = fact.key.fingerprint_version == key.fingerprint_version
            differs = comparable and fact.key.fingerprint != key.fingerprint
            return Comparison(Standing.CONFLICT if differs else Standing.REPEAT, fact)
    newest = on_record[0]
    return Comparison(Standing.AMENDMENT if key.revision > newest.key.revision else Standing.OLDER, newest)
