"""What set-up fields may hold: a value and its path in, the checked value out, or Permanent with the path and what to write instead; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import time
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from adapters.canonical.country import is_country
from adapters.canonical.money import MoneyError, exponent
from adapters.errors import Permanent
from adapters.reasons import Reason

LONGEST_NAME = 200
LONGEST_URL = 500
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_COORDINATE = re.compile(r"-?\d{1,3}(\.\d{1,9})?", re.ASCII)


def slug(value: str, path: str) -> str:
    """Return an id that is fit for addresses and certificates: lower-case letters, digits and inner hyphens, at most 40."""
    if not _SLUG.fullmatch(value):
        raise invalid(
            path, f"{value[:60]!r} is no id: take lower-case letters, digits and hyphens between them, at most 40"
        )
    return value


def label(value: str, path: str, *, longest: int = LONGEST_NAME) -> str:
    """Return a text for people: not empty, printable, no blanks at its ends."""
    if not value or value != value.strip():
        raise invalid(path, "it is empty or has blanks at its ends; write it without them")
    if len(value) > longest:
        raise invalid(path, f"it has {len(value)} characters, {longest} are the most")
    return printable(value, path)


def printable(value: str, path: str) -> str:
    """Return a text without control characters, lone surrogates and invisible direction marks."""
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} for character in value):
        raise Permanent(
            Reason.TEXT_NOT_STORABLE, "The text holds a control or invisible character; take it out.", path=path
        )
    return value


def time_zone(value: str, path: str) -> str:
    """Return the name of an IANA time zone."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise invalid(path, f"{value[:60]!r} is no IANA time zone; write it as Europe/London") from error
    return value


def closing_time(value: str, path: str) -> time:
    """Return a local time of `HH:MM`; empty text is midnight."""
    matched = _TIME.fullmatch(value or "00:00")
    if matched is None:
        raise invalid(path, f"{value[:60]!r} is no time of day; write it as 23:30")
    return time(int(matched[1]), int(matched[2]))


def currency(value: str, path: str) -> str:
    """Return an ISO 4217 code."""
    try:
        exponent(value)
    except MoneyError as error:
        sentence = f"{value[:60]!r} is no ISO 4217 currency code; write it as EUR."
        raise Permanent(Reason.CURRENCY_INVALID, sentence, path=path) from error
    return value


def country(value: str, path: str) -> str:
    """Return an ISO 3166-1 alpha-2 code, or empty text."""
    if value and not is_country(value):
        raise invalid(path, f"{value[:60]!r} is no ISO 3166-1 country code; write it as GB")
    return value


def coordinate(value: str, path: str, *, most: int) -> Decimal | None:
    """Return degrees between -most and most; None for empty text."""
    if not value:
        return None
    try:
        degrees = Decimal(value) if _COORDINATE.fullmatch(value) else None
    except InvalidOperation:
        degrees = None
    if degrees is None or abs(degrees) > most:
        raise invalid(path, f"{value[:60]!r} is no number of degrees between -{most} and {most}; write it as 53.7997")
    return degrees


def between(value: int, path: str, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    if not least <= value <= most:
        raise invalid(path, f"{value} is not between {least} and {most}")
    return value


def web_address(value: str, path: str) -> str:
    """Return an http or https address without credentials, or empty text."""
    if not value:
        return value
    if not _is_web_address(value) or len(value) > LONGEST_URL or value != value.strip():
        raise invalid(
            path, "it is no web address; write it as https://wms.example/api, without a user or password in it"
        )
    return printable(value, path)


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and not parts.fragment


def unlike(values: Sequence[str], path: str, most: int) -> tuple[str, ...]:
    """Return texts of which no two are the same, at most so many."""
    if len(values) > most:
        raise invalid(path, f"there are {len(values)} of them, {most} are the most")
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            raise invalid(f"{path}[{number}]", f"{value[:60]!r} stands there twice; once is enough")
        seen.add(value)
    return tuple(values)


def invalid(path: str, why: str) -> Permanent:
    """Return the error of a field that holds something else than it may."""
    return Permanent(Reason.FIELD_INVALID, f"{path}: {why}.", path=path)
