"""What SQLite's planner is told of the tables: no rows in, fixed estimates of a large database out.

Without estimates SQLite takes `tenant = ?` to find ten rows and reads all that a tenant has rather than use a further index. Fixed estimates
in `sqlite_stat1` (https://sqlite.org/lang_analyze.html, "fixed results") make every plan that of a large database, from the first row on.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Index, Table

from core_service.store.tables import METADATA

_ROWS = 1_000_000
_OF_A_TENANT = 100_000
_ALIKE = 4
"""Rows with the same value in a whole index that is not unique."""


def fix_statistics(connection: Connection) -> None:
    """Write the estimates, replacing those that are there; they hold for connections opened later."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE sqlite_schema")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", list(_estimates()))


def _estimates() -> Iterator[tuple[str, str, str]]:
    for table in METADATA.sorted_tables:
        yield table.name, _key_index(table), _shrinking(len(table.primary_key.columns), 1)
        for index in sorted(table.indexes, key=_name):
            yield table.name, _name(index), _shrinking(len(index.columns), 1 if index.unique else _ALIKE)


def _key_index(table: Table) -> str:
    """Return SQLite's name for the index of the primary key: the table's own when that is the key's tree."""
    return f"sqlite_autoindex_{table.name}_1" if table.dialect_options["sqlite"]["with_rowid"] else table.name


def _shrinking(columns: int, last: int) -> str:
    """Return how many rows share the first 1, 2, ... columns: from a tenant's rows down to `last`, by equal factors."""
    if columns == 1:
        return f"{_ROWS} {last}"
    steps = [round(_OF_A_TENANT * (last / _OF_A_TENANT) ** (place / (columns - 1))) for place in range(columns)]
    return " ".join(map(str, [_ROWS, *steps]))


def _name(index: Index) -> str:
    return str(index.name)
