"""Exceptions as people list them: filters and a page token in, a page and the next token out; one with its masked message."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from core_service.domain.exception import ExceptionStatus, ParkedException
from core_service.domain.page import PageTokenInvalid, page_token, read_page_token
from core_service.ports.orders import Place
from core_service.ports.unit_of_work import UnitOfWork

DEFAULT_PAGE = 50
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionQuery:
    """Which exceptions: no reason and no status mean all. `page_size` 0 means 50."""

    reason: str = ""
    status: ExceptionStatus | None = None
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionPage:
    """Exceptions, oldest first; `next_page_token` is empty on the last page."""

    exceptions: tuple[ParkedException, ...]
    next_page_token: str


async def list_exceptions(uow: UnitOfWork, query: ExceptionQuery) -> ExceptionPage:
    """Return a page; raises Permanent(PAGE_TOKEN_INVALID) for a token of another filter, FIELD_INVALID for a wrong size or reason."""
    if not 0 <= query.page_size <= LARGEST_PAGE:
        raise Permanent(Reason.FIELD_INVALID, f"Give a page size from 1 to {LARGEST_PAGE}.", path="page_size")
    if query.reason and query.reason not in Reason.__members__:
        sentence = f"{query.reason!r} is no reason code; the reference page lists them all."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="reason")
    size = query.page_size or DEFAULT_PAGE
    which = ("exceptions", query.reason, query.status or "")
    found = await uow.exceptions.list(query.reason, query.status, _after(which, query.page_token), size + 1)
    shown = found[:size]
    token = ""
    if len(found) > size:
        token = page_token(which, (to_millis(shown[-1].created_at), shown[-1].exception_id))
    return ExceptionPage(exceptions=tuple(shown), next_page_token=token)


async def get_exception(uow: UnitOfWork, exception_id: str) -> tuple[ParkedException, bytes]:
    """Return an exception and its masked message, empty when it has none or it was erased; raises Permanent(NOT_FOUND)."""
    found = await uow.exceptions.get(exception_id)
    if found is None:
        raise Permanent(Reason.NOT_FOUND, f"There is no exception {exception_id!r}.", path="exception_id")
    return found, await uow.raw.get(exception_id) or b""


def _after(which: tuple[str, ...], token: str) -> Place | None:
    if not token:
        return None
    try:
        at, name = read_page_token(which, token, (int, str))
    except PageTokenInvalid as error:
        sentence = "The page token is not of this listing; begin without one, and keep the filter from page to page."
        raise Permanent(Reason.PAGE_TOKEN_INVALID, sentence, path="page_token") from error
    return (int(at), str(name))
