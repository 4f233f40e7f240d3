"""Exceptions that will never book: an open one and a person's word in, the same one resolved without a record out.

For what the till's door refused (the till has sent the corrected message since, which is another one), and for what somebody settled by hand.
"""

from __future__ import annotations

from dataclasses import replace

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from core_service.domain.exception import ExceptionStatus, ParkedException
from core_service.domain.order import LineageStep
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import CoreStore

_LONGEST_NOTE = 1000


async def close_exception(
    core: CoreStore, clock: Clock, tenant: str, exception_id: str, *, actor: str, note: str
) -> ParkedException:
    """Resolve an exception without booking anything; one that is resolved already is left as it is.

    Raises Permanent: FIELD_MISSING or FIELD_INVALID (note), NOT_FOUND.
    """
    if not note.strip():
        raise Permanent(Reason.FIELD_MISSING, "Say in the note why nothing is to be booked.", path="note")
    if len(note) > _LONGEST_NOTE:
        sentence = f"The note is longer than {_LONGEST_NOTE} characters; shorten it."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="note")
    async with core.begin(tenant) as uow:
        exception = await uow.exceptions.get(exception_id)
        if exception is None:
            raise Permanent(Reason.NOT_FOUND, f"There is no exception {exception_id!r}.", path="exception_id")
        if exception.status is ExceptionStatus.RESOLVED:
            return exception
        now = clock.now()
        closed = replace(exception, status=ExceptionStatus.RESOLVED)
        step = LineageStep(
            record_id=exception_id,
            at=now,
            stage="closed",
            sentence=f"Closed without booking: {note}",
            details={"by": actor},
        )
        await uow.exceptions.save(closed)
        await uow.lineage.add([step])
        await uow.audit.add(AuditEntry(at=now, actor=actor, action="close_exception", subject=exception_id, note=note))
        await uow.commit()
    return closed
