"""Whether a database has the tables that this program needs: a URL in, migrated or refused out, with the next step."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.store.statistics import fix_statistics
from core_service.store.transaction import translated

HEAD = "0004"
"""The newest migration; a test compares it with the migrations folder."""

MEMORY = ":memory:"


def database_path(url: str) -> Path | None:
    """Return the file of `sqlite+aiosqlite:///path`; None for `:memory:`. Raises Permanent(SETTINGS_INVALID) for other URLs."""
    parsed = _parsed(url)
    if parsed.drivername not in {"sqlite+aiosqlite", "sqlite"}:
        sentence = (
            f"The database URL starts with {parsed.drivername!r}; this version stores in `sqlite+aiosqlite:///path`."
        )
        raise Permanent(Reason.SETTINGS_INVALID, sentence)
    if parsed.database in {None, "", MEMORY}:
        return None
    return Path(str(parsed.database))


def migrate(url: str) -> str:
    """Bring the database to the newest migration, creating it when it is not there; return that migration's name.

    Runs in one transaction on engines that allow it (SQLite, Postgres): killed at any step, the database opens as it was before.
    Blocks; run it from a command line, before serving.
    """
    from alembic import command
    from alembic.config import Config

    path = database_path(url)
    if path is None:
        raise Permanent(Reason.SETTINGS_INVALID, "A database in memory is not migrated; name a file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = blocking_engine(path)
    try:
        with translated(), engine.connect() as connection:
            _refuse_newer(_found(connection.engine))
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            fix_statistics(connection)
            connection.commit()
    finally:
        engine.dispose()
    return HEAD


def check_current(url: str) -> None:
    """Raise Permanent(MIGRATION_NEEDED) unless the database is at the newest migration."""
    path = database_path(url)
    if path is None:
        return
    found = ""
    if path.exists():
        engine = blocking_engine(path)
        try:
            with translated():
                found = _found(engine)
        finally:
            engine.dispose()
    if found == HEAD:
        return
    _refuse_newer(found)
    stands = f"is at migration {found}" if found else "has no tables yet"
    sentence = f"The database {path} {stands}, this program needs {HEAD}; run `core-service migrate`."
    raise Permanent(Reason.MIGRATION_NEEDED, sentence)


def blocking_engine(path: Path) -> Engine:
    """Return a blocking engine on a SQLite file whose transactions also cover changes of tables."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"isolation_level": None, "timeout": 5.0})

    def on_connect(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode=WAL").fetchone()
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    def on_begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def _found(engine: Engine) -> str:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found or "")


def _refuse_newer(found: str) -> None:
    if found > HEAD:
        sentence = f"The database is at migration {found}, newer than this program's {HEAD}; run the newer program. Nothing was changed."
        raise Permanent(Reason.MIGRATION_NEEDED, sentence)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        sentence = f"{url!r} is no database URL; write `sqlite+aiosqlite:///path/to/core.db`."
        raise Permanent(Reason.SETTINGS_INVALID, sentence) from error
