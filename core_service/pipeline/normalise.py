"""Entries become readings: an entry and the core's own settings in, what it means or why it cannot be read out; pure but for the dialects.

The core's reading is authoritative: the agent's key and fingerprint only name an exception. One unreadable entry never disturbs another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias
from zoneinfo import ZoneInfo

from adapters.canonical.entry import Entry, EntryKind
from adapters.canonical.sale import Reading
from adapters.errors import Permanent, TillstreamError
from adapters.pos.contract import PosDialect, TillContext
from adapters.reasons import Reason
from core_service.domain.setup import Store
from core_service.pipeline.desk import Settings
from core_service.pipeline.rights_message import RightsMessage
from core_service.pipeline.storable import check_reading, check_rights

Dialects: TypeAlias = Callable[[str], PosDialect]
"""A dialect by name; raises Permanent(DIALECT_UNKNOWN)."""

RightsDecoder: TypeAlias = Callable[[EntryKind, bytes], RightsMessage]
"""Reads the agent's own facts; raises Permanent for bytes that are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What turns bytes into facts."""

    dialect: Dialects
    decode_rights: RightsDecoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An entry of a store's agent with exactly one of: what a till said, what the agent said about rights, why it cannot be read.

    `raw_id` is where its bytes are sealed when it is booked.
    """

    agent: str
    store: str
    entry: Entry
    raw_id: str
    reading: Reading | None = None
    rights: RightsMessage | None = None
    refusal: TillstreamError | None = None
    dialect_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose entry it is, by the agent's certificate, and where its bytes are sealed when it is booked."""

    agent: str
    store: str
    raw_id: str


def read(sender: Sender, entry: Entry, settings: Settings, readers: Readers) -> Read:
    """Read one entry; whatever goes wrong is a refusal of this entry alone."""
    blank = _blank(sender, entry)
    try:
        if entry.content.kind in {EntryKind.RIGHTS_ACKNOWLEDGED, EntryKind.RIGHTS_RETURNED}:
            message = readers.decode_rights(entry.content.kind, entry.content.raw)
            check_rights(message)
            return replace(blank, rights=message)
        reading, version = _till_message(sender.store, entry, settings, readers)
        check_reading(reading)
        return replace(blank, reading=reading, dialect_version=version)
    except TillstreamError as error:
        return replace(blank, refusal=error)
    except Exception as error:  # noqa: BLE001 - one entry's defect parks that entry; it is counted and kept raw
        return replace(blank, refusal=internal("read", error))


def refused(sender: Sender, entry: Entry, error: TillstreamError) -> Read:
    """Return an entry that is parked unread, with the reason."""
    return replace(_blank(sender, entry), refusal=error)


def _blank(sender: Sender, entry: Entry) -> Read:
    return Read(agent=sender.agent, store=sender.store, entry=entry, raw_id=sender.raw_id)


def internal(step: str, error: Exception) -> Permanent:
    """Return the refusal of an entry that a defect of ours stopped."""
    sentence = f"The core failed to {step} it ({type(error).__name__}); this is a defect: report it, then replay after the update."
    refusal = Permanent(Reason.INTERNAL, sentence)
    refusal.__cause__ = error
    return refusal


def _till_message(store: str, entry: Entry, settings: Settings, readers: Readers) -> tuple[Reading, str]:
    content = entry.content
    if content.kind is EntryKind.REJECTED:
        said = f"The till's door refused it with {content.reason or 'no reason'}: {content.sentence}"
        raise Permanent(Reason.REJECTED_AT_DOOR, said)
    if content.kind is not EntryKind.TILL_DOCUMENT:
        sentence = f"Entries of kind {content.kind!r} are unknown to this core; update the core, then replay."
        raise Permanent(Reason.ENTRY_KIND_UNKNOWN, sentence)
    settled = _store(store, settings)
    _till(store, content.till, settings)
    dialect = readers.dialect(content.dialect)
    if _newer(content.dialect_version, dialect.version):
        sentence = (
            f"The agent read it with {content.dialect} {content.dialect_version}, this core knows {dialect.version}; update the core, "
            "then it is replayed."
        )
        raise Permanent(Reason.DIALECT_UNKNOWN, sentence)
    context = TillContext(
        store=store,
        till=content.till,
        currency=settled.currency,
        received_at=content.received_at,
        time_zone=ZoneInfo(settled.time_zone),
        closing_time=settled.closing_time,
    )
    return dialect.read(content.raw, context), dialect.version


def _store(store: str, settings: Settings) -> Store:
    found = settings.stores.get(store)
    if found is None:
        sentence = f"Store {store!r} is not set up; run `core-service store put {store}`, then replay."
        raise Permanent(Reason.REFERENCE_UNKNOWN, sentence)
    return found


def _till(store: str, till: str, settings: Settings) -> None:
    if (store, till) not in settings.tills:
        sentence = f"Store {store!r} has no till {till!r}; run `core-service till put {store} {till}`, then replay."
        raise Permanent(Reason.TILL_UNKNOWN, sentence)


def _newer(said: str, known: str) -> bool:
    if said in {known, ""}:
        return False
    return _numbers(said) > _numbers(known)


def _numbers(version: str) -> tuple[int, ...]:
    """Order versions; one that is no dotted number counts as newer than all, since nobody here knows it."""
    parts = version.split(".")
    if all(part.isascii() and part.isdigit() for part in parts):
        return tuple(int(part) for part in parts)
    return (2**63,)


__all__ = ["Dialects", "Read", "Readers", "RightsDecoder", "RightsMessage", "Sender", "internal", "read", "refused"]
