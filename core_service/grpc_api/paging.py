"""Listings by page: page size and token of a request in, where to go on and the next token out (AIP-158)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.page import PageTokenInvalid, page_token, read_page_token

T = TypeVar("T")

DEFAULT_PAGE = 50
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which listing (its name and filters), how many, and after which thing: empty text begins."""

    which: tuple[str, ...]
    size: int
    after: tuple[str, ...]

    @property
    def limit(self) -> int:
        """How many to read: one more than is shown, to know whether there is a next page."""
        return self.size + 1

    def cut(self, found: Sequence[T], place: Callable[[T], tuple[str, ...]]) -> tuple[Sequence[T], str]:
        """Return what is shown of what was read, and the next page's token: empty on the last page."""
        shown = found[: self.size]
        return shown, page_token(self.which, place(shown[-1])) if len(found) > self.size else ""


def read_page(which: tuple[str, ...], size: int, token: str, parts: int = 1) -> PageRequest:
    """Check a request's page; `parts` is how many texts a place has.

    Raises Permanent(FIELD_INVALID) for a size out of bounds, Permanent(PAGE_TOKEN_INVALID) for a token of another listing.
    """
    if not 0 <= size <= LARGEST_PAGE:
        raise Permanent(Reason.FIELD_INVALID, f"Give a page size from 1 to {LARGEST_PAGE}.", path="page_size")
    after = ("",) * parts
    if token:
        try:
            after = tuple(str(part) for part in read_page_token(which, token, (str,) * parts))
            if any("\x00" in part for part in after):
                raise PageTokenInvalid
        except PageTokenInvalid as error:
            sentence = (
                "This page token is of another listing; send back the `next_page_token` of the page before, unchanged."
            )
            raise Permanent(Reason.PAGE_TOKEN_INVALID, sentence, path="page_token") from error
    return PageRequest(which=which, size=size or DEFAULT_PAGE, after=after)
