"""A postal address as facts carry it: parts in, `Address` out; promises nothing about deliverability (validation does)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where something is sent. `country_code` is ISO 3166-1 alpha-2; empty text means not given."""

    name: str
    lines: tuple[str, ...]
    city: str
    country_code: str
    region: str = ""
    postal_code: str = ""
    phone: str = ""
    email: str = ""
