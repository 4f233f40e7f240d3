"""How a message or a record becomes an exception: what went wrong in, a ParkedException with its owner out; pure."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.canonical.sale import Sale
from adapters.errors import TillstreamError
from adapters.reason_advice import ADVICE
from adapters.reasons import Reason
from core_service.domain.exception import ParkedException
from core_service.domain.fleet import AgentIdentity
from core_service.pipeline.continuity import DeclaredGap
from core_service.pipeline.desk import Desk
from core_service.pipeline.names import alarm_id, exception_id, gap_id, sale_id_about
from core_service.pipeline.normalise import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something wrong with a record that no message can be blamed for; `about` makes its id."""

    reason: Reason
    sentence: str
    about: tuple[str, ...]
    source: str
    reference: str = ""
    record_id: str = ""


def parked(read: Read, error: TillstreamError, desk: Desk) -> ParkedException:
    """Return the exception of an entry; its raw bytes are sealed under its id."""
    content = read.entry.content
    return ParkedException(
        exception_id=exception_id(desk.tenant, read.store, read.agent, read.entry),
        reason=error.reason,
        sentence=sentence_of(error),
        owner=owner(error.reason),
        source=f"store/{read.store}/{content.till}",
        created_at=desk.now,
        reference=content.key.reference if content.key else "",
        dialect=content.dialect,
        dialect_version=content.dialect_version,
        record_id=waits_for(read, desk.tenant) if error.reason is Reason.ORIGINAL_UNKNOWN else "",
        agent=read.agent,
        epoch=read.entry.id.epoch,
        sequence=read.entry.id.sequence,
    )


def gap_exception(identity: AgentIdentity, epoch: bytes, gap: DeclaredGap, desk: Desk) -> ParkedException:
    """Return the exception of entries that a journal lost and said so."""
    return ParkedException(
        exception_id=gap_id(desk.tenant, identity.agent, epoch, gap.first, gap.last),
        reason=Reason.JOURNAL_GAP,
        sentence=(
            f"Agent {identity.agent!r} lost entries {gap.first} to {gap.last}: {gap.sentence} Compare the tills' own reports of that time "
            "and enter what is missing."
        ),
        owner=owner(Reason.JOURNAL_GAP),
        source=f"store/{identity.store}",
        created_at=desk.now,
        agent=identity.agent,
        epoch=epoch,
        sequence=gap.first,
    )


def alarmed(alarm: Alarm, desk: Desk) -> ParkedException:
    """Return the exception of an alarm."""
    return ParkedException(
        exception_id=alarm_id(desk.tenant, alarm.reason, *alarm.about),
        reason=alarm.reason,
        sentence=alarm.sentence,
        owner=owner(alarm.reason),
        source=alarm.source,
        created_at=desk.now,
        reference=alarm.reference,
        record_id=alarm.record_id,
    )


def waits_for(read: Read, tenant: str) -> str:
    """Return the name of the document that a parked void is about, so that it follows when that one is booked."""
    found = read.reading
    if found is None or found.key is None or not isinstance(found.document, Sale):
        return ""
    return sale_id_about(tenant, found.key.source, found.document.original_reference or "")


def owner(reason: Reason) -> str:
    """Return who should act on a reason."""
    return ADVICE[reason].owner.value


def sentence_of(error: TillstreamError) -> str:
    """Return an error's sentence with the field it is about."""
    return f"{error.sentence} (at {error.path})" if error.path else error.sentence
