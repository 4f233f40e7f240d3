"""What becomes of an entry: a reading and the desk in, its verdict out and its effects on the desk; pure.

What cannot be booked is parked alone: an entry's draft is dropped whole and the entries around it go on.
"""

from __future__ import annotations

from adapters.canonical.entry import Outcome, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.sale import Fact, NotASale, Reading, Sale
from adapters.errors import Permanent, TillstreamError
from adapters.reasons import Reason
from core_service.domain.exception import ParkedException
from core_service.pipeline.book import amend_document, book_document, book_fact, record_older
from core_service.pipeline.dedupe import Standing, compare
from core_service.pipeline.desk import Desk, Draft
from core_service.pipeline.normalise import Read, internal
from core_service.pipeline.park import parked
from core_service.pipeline.rights import book_rights
from core_service.pipeline.route import Router
from core_service.pipeline.validate import own_store, resolved
from core_service.ports.ingest import KnownFact


def decide(desk: Desk, read: Read, router: Router) -> Verdict:
    """Decide one entry after all before it, and put its effects on the desk."""
    verdict, draft = attempt(desk, read, router)
    if isinstance(verdict, TillstreamError):
        exception = parked(read, verdict, desk)
        draft = Draft(desk)
        draft.effects.exceptions.append(exception)
        draft.tell(exception.exception_id, "parked", exception.sentence, {"reason": exception.reason})
        verdict = _parked(read, exception)
    desk.apply(draft.effects)
    return verdict


def attempt(desk: Desk, read: Read, router: Router) -> tuple[Verdict | TillstreamError, Draft]:
    """Draft one entry, or return why it cannot be booked; the desk is untouched."""
    draft = Draft(desk)
    try:
        return _verdict(draft, read, router), draft
    except TillstreamError as error:
        return error, draft
    except Exception as error:  # noqa: BLE001 - one entry's defect parks that entry; it is counted and kept raw
        return internal("book", error), draft


def _verdict(draft: Draft, read: Read, router: Router) -> Verdict:
    if read.refusal is not None:
        raise read.refusal
    if read.entry.content.key is not None:
        own_store(read.entry.content.key, read.store)
    if read.rights is not None:
        return book_rights(draft, read, read.rights)
    if read.reading is None:
        sentence = "The dialect gave no reading; this is a defect: report it, then replay after the update."
        raise Permanent(Reason.INTERNAL, sentence)
    document, key = read.reading.document, read.reading.key
    if isinstance(document, NotASale):
        return _no_sale(read, document)
    if key is None:
        sentence = (
            "The dialect gave the document no business key; this is a defect: report it, then replay after the update."
        )
        raise Permanent(Reason.INTERNAL, sentence)
    own_store(key, read.store)
    return _document(draft, read, document, key, router)


def _document(draft: Draft, read: Read, document: Sale | Fact, key: BusinessKey, router: Router) -> Verdict:
    found = compare(key, draft.desk.facts.get(key.name, []))
    first = found.first
    if first is not None and found.standing is Standing.REPEAT:
        return _repeat(read, first)
    if first is not None and found.standing is Standing.CONFLICT:
        raise _conflict(key, first)
    amends = found.standing is Standing.AMENDMENT
    if first is not None and found.standing is Standing.OLDER:
        return record_older(draft, read, key, first)
    if isinstance(document, Fact):
        return book_fact(draft, read, document, key, Outcome.AMENDED if amends else Outcome.BOOKED)
    sale = resolved(document, read.store, draft.desk.settings)
    if amends:
        return amend_document(draft, read, sale, key, router)
    return book_document(draft, read, sale, key, router)


def reading_of(read: Read) -> tuple[Sale | Fact, BusinessKey] | None:
    """Return the document of a reading and its key; None for all that books nothing."""
    reading: Reading | None = read.reading
    if reading is None or reading.key is None or isinstance(reading.document, NotASale):
        return None
    return reading.document, reading.key


def _no_sale(read: Read, document: NotASale) -> Verdict:
    return Verdict(
        sequence=read.entry.id.sequence,
        outcome=Outcome.NO_EFFECT,
        reason=Reason.NOT_A_SALE,
        sentence=document.sentence,
    )


def _repeat(read: Read, first: KnownFact) -> Verdict:
    return Verdict(
        sequence=read.entry.id.sequence,
        outcome=Outcome.REPEAT,
        reason=Reason.REPEAT,
        sentence=f"Booked before as {first.record_id}; nothing was booked again.",
        record_id=first.record_id,
    )


def _conflict(key: BusinessKey, first: KnownFact) -> Permanent:
    sentence = (
        f"{key.kind} {key.reference!r} of {key.source} is on record as {first.record_id} with other contents; compare the two: correct "
        "the till's numbering, or send the right one with a new number."
    )
    return Permanent(Reason.CONFLICTING_DUPLICATE, sentence)


def _parked(read: Read, exception: ParkedException) -> Verdict:
    return Verdict(
        sequence=read.entry.id.sequence,
        outcome=Outcome.PARKED,
        reason=exception.reason,
        sentence=exception.sentence,
        record_id=exception.exception_id,
    )
