"""The few statements that engines write differently, chosen in one place: a table or names in, SQLAlchemy statements out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from sqlalchemy import Insert, Subquery, Table, Text, cast, func, insert, select
from sqlalchemy.dialects import sqlite

Name = str | int
"""Part of a key that is looked up."""


@lru_cache(maxsize=256)
def insert_only(table: Table) -> Insert:
    """Return an insert that fails on a row that is there already."""
    return insert(table)


@lru_cache(maxsize=256)
def insert_new(table: Table) -> Insert:
    """Return an insert that leaves a row that is there already as it is."""
    return sqlite.insert(table).on_conflict_do_nothing()


@lru_cache(maxsize=256)
def upsert(table: Table) -> Insert:
    """Return an insert that replaces every column of a row that is there already."""
    statement = sqlite.insert(table)
    key = [column.name for column in table.primary_key.columns]
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={column.name: statement.excluded[column.name] for column in table.columns if column.name not in key},
    )


def wanted(names: tuple[str, ...], rows: Sequence[Sequence[Name]]) -> Subquery:
    """Return rows of names as something to join with, so that one statement of one parameter asks for any number of them."""
    each = func.json_each(msgspec.json.encode(rows).decode()).table_valued("value", name="each")
    return select(
        *(cast(func.json_extract(each.c.value, f"$[{place}]"), Text).label(name) for place, name in enumerate(names))
    ).subquery("wanted")
