"""How columns and constraints look everywhere: names in, columns out; tenant first, whole numbers for times, units and money.

time      integer milliseconds since 1970 UTC          quantity  integer micro-units (1/1,000,000)
money     integer minor units beside a currency        JSON      text, written by msgspec
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, LargeBinary, MetaData, Table, Text
from sqlalchemy.schema import SchemaItem

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key_text(name: str) -> Column[str]:
    """Return a text column of the primary key."""
    return Column(name, Text, primary_key=True, nullable=False)


def key_integer(name: str) -> Column[int]:
    """Return an integer column of the primary key, given by us and never counted up by the engine."""
    return Column(name, BigInteger, primary_key=True, nullable=False, autoincrement=False)


def key_bytes(name: str) -> Column[bytes]:
    """Return a column of bytes of the primary key."""
    return Column(name, LargeBinary, primary_key=True, nullable=False)


def text(name: str) -> Column[str]:
    """Return a text column; empty text means none."""
    return Column(name, Text, nullable=False)


def integer(name: str) -> Column[int]:
    """Return a 64-bit integer column."""
    return Column(name, BigInteger, nullable=False)


def optional_integer(name: str) -> Column[int]:
    """Return a 64-bit integer column that may be absent."""
    return Column(name, BigInteger, nullable=True)


def optional_text(name: str) -> Column[str]:
    """Return a text column in which absent and empty differ."""
    return Column(name, Text, nullable=True)


def octets(name: str) -> Column[bytes]:
    """Return a column of bytes; no bytes mean none."""
    return Column(name, LargeBinary, nullable=False)


def flag(name: str) -> Column[bool]:
    """Return a column that is true or false."""
    return Column(name, Boolean, nullable=False)


def child_of(parent: str, *columns: str) -> ForeignKeyConstraint:
    """Return the constraint that a row's parent exists, on the same column names, tenant first."""
    return ForeignKeyConstraint(["tenant", *columns], [f"{parent}.{column}" for column in ("tenant", *columns)])


def tenant_table(name: str, *items: SchemaItem, clustered: bool = True) -> Table:
    """Return a table of tenants' rows: `tenant` leads its primary key.

    `clustered` keeps the rows in the order of that key (SQLite: WITHOUT ROWID), one tree instead of two; rows of many bytes are better
    kept apart from their key.
    """
    options: dict[str, Any] = {"sqlite_with_rowid": not clustered}
    return Table(name, METADATA, key_text("tenant"), *items, **options)
