"""The few statements that engines write differently, chosen in one place: a table or names in, SQLAlchemy statements out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Insert, Table, Text, cast, func, insert, select, tuple_
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


def among(columns: Sequence[Column[Any]], names: Sequence[Sequence[Name]]) -> ColumnElement[bool]:
    """Return the condition that a row's columns are one of the names; one parameter, however many there are.

    The names are a subquery of the condition and not something to join with: SQLite would read the whole table first and search the names for
    each of its rows, since it cannot know how few they are.
    """
    each = func.json_each(msgspec.json.encode(names).decode()).table_valued("value", name="each")
    rows = select(*(cast(func.json_extract(each.c.value, f"$[{place}]"), Text) for place in range(len(columns))))
    if len(columns) == 1:
        return columns[0].in_(rows)
    return tuple_(*columns).in_(rows)
