"""First answers again: a request with an id and its contents in, the first answer out when it was asked before (AIP-155)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.canonical.key import fingerprint
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.ports.orders import StoredAnswer
from core_service.ports.unit_of_work import UnitOfWork

_LONGEST_ID = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: who asks (a credential's id), which method, the caller's id of it, and its business content in canonical text."""

    caller: str
    method: str
    request_id: str
    content: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the content, 32 bytes."""
        return fingerprint(*self.content)


async def first_answer(uow: UnitOfWork, asked: Asked) -> bytes | None:
    """Return the first answer, None when it is asked for the first time.

    Raises Permanent(FIELD_MISSING | FIELD_INVALID) for a missing or long id, Permanent(REQUEST_ID_REUSED) for the same id with other content.
    """
    if not asked.request_id:
        sentence = "Give each request an id of your own, so that a repeat books nothing twice."
        raise Permanent(Reason.FIELD_MISSING, sentence, path="request_id")
    if len(asked.request_id) > _LONGEST_ID:
        raise Permanent(Reason.FIELD_INVALID, f"At most {_LONGEST_ID} characters.", path="request_id")
    before = await uow.answers.find(asked.caller, asked.method, asked.request_id)
    if before is None:
        return None
    if before.digest != asked.digest:
        sentence = f"Request {asked.request_id!r} was another one at {before.at:%Y-%m-%d %H:%M} UTC; send this one with a new id."
        raise Permanent(Reason.REQUEST_ID_REUSED, sentence, path="request_id")
    return before.answer


async def remember(uow: UnitOfWork, asked: Asked, answer: bytes, at: datetime) -> bytes:
    """Keep the first answer in the transaction of its effect, and return it."""
    await uow.answers.add(
        StoredAnswer(
            caller=asked.caller,
            request_id=asked.request_id,
            method=asked.method,
            digest=asked.digest,
            answer=answer,
            at=at,
        )
    )
    return answer
