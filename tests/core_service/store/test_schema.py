"""Migrations: from nothing to the tables of this program, whole or not at all, never from a newer one."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from core_service.store import check_current, migrate, schema
from core_service.store.schema import HEAD, blocking_engine, database_path
from core_service.store.tables import METADATA
from tests.core_service.store.stores import opened


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_migrations_make_exactly_the_tables(migrated: Path) -> None:
    """What autogenerate would add to the migrations is nothing."""
    engine = blocking_engine(migrated)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
    engine.dispose()


def test_every_table_stands_in_the_file_as_it_is_described(migrated: Path, tmp_path: Path) -> None:
    """Also what autogenerate does not compare: keys, row order, partial indexes, references."""
    engine = blocking_engine(tmp_path / "described.db")
    METADATA.create_all(engine)
    engine.dispose()
    assert _definitions(migrated) == _definitions(tmp_path / "described.db")


def _definitions(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as looking:
        rows = looking.execute("SELECT name, sql FROM sqlite_master WHERE sql <> '' AND name NOT LIKE 'sqlite%'")
        found = {name: " ".join(text.split()) for name, text in rows if name != "alembic_version"}
    looking.close()
    return found


def test_the_head_is_the_newest_migration() -> None:
    """Opening compares with it without loading the migrations."""
    assert _scripts().get_current_head() == HEAD


def test_tenant_leads_every_key_and_index() -> None:
    """But for the platform's own tables and the one index that serves workers across tenants (invariant 11)."""
    platforms = {"tenant", "credential_tenant", "join_token_tenant", "feed_lease", "feed_identity"}
    for table in METADATA.sorted_tables:
        if table.name not in platforms:
            assert next(iter(table.primary_key.columns)).name == "tenant", table.name
        for index in table.indexes:
            leads = next(iter(index.columns)).name
            assert leads == "tenant" or index.name == "ix_work_priority_due_at", index.name


def test_a_database_without_tables_is_refused_with_the_next_step(tmp_path: Path) -> None:
    """And is not created by looking."""
    with pytest.raises(Permanent) as refused:
        check_current(_url(tmp_path / "core.db"))
    assert refused.value.reason is Reason.MIGRATION_NEEDED
    assert "core-service migrate" in refused.value.sentence
    assert not (tmp_path / "core.db").exists()


async def test_opening_a_database_that_is_not_current_is_refused(tmp_path: Path, clock: VirtualClock) -> None:
    """Nothing is served on other tables than this program knows."""
    with pytest.raises(Permanent) as refused:
        await opened(_url(tmp_path / "core.db"), clock)
    assert refused.value.reason is Reason.MIGRATION_NEEDED


def test_migrating_again_changes_nothing(url: str) -> None:
    """A second run finds the newest migration there."""
    path = database_path(url)
    assert path is not None
    before = _definitions(path)
    assert migrate(url) == HEAD
    check_current(url)
    assert _definitions(path) == before


def test_fault_078_a_newer_database_is_refused_untouched(url: str) -> None:
    """An older program neither opens nor migrates it."""
    path = database_path(url)
    assert path is not None
    with sqlite3.connect(path) as writing:
        writing.execute("UPDATE alembic_version SET version_num = '9999'")
    writing.close()
    for attempt in (check_current, migrate):
        with pytest.raises(Permanent) as refused:
            attempt(url)
        assert refused.value.reason is Reason.MIGRATION_NEEDED
        assert "newer" in refused.value.sentence
    with sqlite3.connect(path) as looking:
        assert looking.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    looking.close()


_KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from core_service.store import migrate

left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, parameters, context, executemany):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
"""


@pytest.mark.parametrize("statement", [1, 5, 12, 30, 55])
def test_fault_077_a_migration_killed_at_any_statement_leaves_the_old_database(tmp_path: Path, statement: int) -> None:
    """It opens as it was, and the next run brings it to the newest."""
    url = _url(tmp_path / "core.db")
    ended = subprocess.run([sys.executable, "-c", _KILLED, url, str(statement)], check=False, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "core.db") as looking:
        assert looking.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    looking.close()
    assert migrate(url) == HEAD
    check_current(url)


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url", ""])
def test_a_url_of_another_kind_is_refused_with_a_sentence(url: str) -> None:
    """The sentence says what to write."""
    with pytest.raises(Permanent) as refused:
        database_path(url)
    assert refused.value.reason is Reason.SETTINGS_INVALID
    assert "sqlite+aiosqlite" in refused.value.sentence


def test_a_database_in_memory_is_not_migrated() -> None:
    """There would be nothing left of it."""
    with pytest.raises(Permanent):
        migrate("sqlite+aiosqlite:///:memory:")
    check_current("sqlite+aiosqlite:///:memory:")
