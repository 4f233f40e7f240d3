"""Levels as the OMS lists them: filters and a page token in, a page of levels and the next token out."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.page import PageTokenInvalid, page_token, read_page_token
from core_service.ports.stock import Level, LocationSku
from core_service.ports.unit_of_work import UnitOfWork

LARGEST_PAGE = 1000
MOST_NAMES = 1000
"""Locations, and SKUs, of one filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelQuery:
    """Which levels: empty filters mean all; `skus` may be SKUs, GTINs or aliases. `page_size` 0 means the largest."""

    locations: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPage:
    """Levels by location and SKU; `next_page_token` is empty on the last page."""

    levels: tuple[Level, ...]
    next_page_token: str


async def list_levels(uow: UnitOfWork, query: LevelQuery) -> LevelPage:
    """Return a page.

    Raises Permanent(PAGE_TOKEN_INVALID) for a token of another filter, SKU_UNKNOWN, REFERENCE_UNKNOWN, FIELD_INVALID, TOO_LARGE.
    """
    if len(query.locations) > MOST_NAMES:
        raise Permanent(Reason.TOO_LARGE, f"Ask for at most {MOST_NAMES} locations at once.", path="locations")
    if not 0 <= query.page_size <= LARGEST_PAGE:
        raise Permanent(Reason.FIELD_INVALID, f"Give a page size from 1 to {LARGEST_PAGE}.", path="page_size")
    size = query.page_size or LARGEST_PAGE
    which = ("levels", *query.locations, "", *query.skus)
    after = _after(which, query.page_token)
    levels = await uow.stock.levels(query.locations, await _skus(uow, query.skus), after, size + 1)
    shown = levels[:size]
    await _check_locations(uow, query, {level.location for level in levels})
    more = len(levels) > size
    token = page_token(which, (shown[-1].location, shown[-1].sku)) if more else ""
    return LevelPage(levels=tuple(shown), next_page_token=token)


def _after(which: tuple[str, ...], token: str) -> LocationSku | None:
    if not token:
        return None
    try:
        location, sku = read_page_token(which, token, (str, str))
    except PageTokenInvalid as error:
        sentence = "The page token is not of this listing; begin without one, and keep the filter from page to page."
        raise Permanent(Reason.PAGE_TOKEN_INVALID, sentence, path="page_token") from error
    return (str(location), str(sku))


async def _check_locations(uow: UnitOfWork, query: LevelQuery, known: set[str]) -> None:
    for place, name in enumerate(query.locations):
        if name not in known and await uow.locations.get(name) is None:
            sentence = f"There is no location {name!r}; list them with ListLocations."
            raise Permanent(Reason.REFERENCE_UNKNOWN, sentence, path=f"locations[{place}]")


async def _skus(uow: UnitOfWork, names: tuple[str, ...]) -> list[str]:
    if len(names) > MOST_NAMES:
        raise Permanent(Reason.TOO_LARGE, f"Ask for at most {MOST_NAMES} SKUs at once.", path="skus")
    found = await uow.skus.resolve(names) if names else {}
    for place, name in enumerate(names):
        if name not in found:
            sentence = f"No SKU, GTIN or alias is called {name!r}; list them with ListSkus."
            raise Permanent(Reason.SKU_UNKNOWN, sentence, path=f"skus[{place}]")
    return sorted({found[name].sku for name in names})
