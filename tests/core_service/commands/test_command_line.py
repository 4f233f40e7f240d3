"""Promises of the command line `core-service`: first day, errors that say the next step, JSON for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core_service.__main__ import main
from core_service.commands.index import COMMANDS
from core_service.store import in_use


class CommandLine:
    """Runs commands on a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "core.toml").write_text(f'data_dir = "{folder / "core"}"\n', "utf-8")

    def run(self, *words: str) -> Result:
        """Run one command."""
        return CliRunner().invoke(main, ["--config", str(self.folder / "core.toml"), *words])

    def json(self, *words: str) -> Any:
        """Run one command with --json, which must work, and return its answer."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A migrated, empty core."""
    made = CommandLine(tmp_path)
    made.json("migrate")
    return made


@pytest.fixture
def shop(line: CommandLine) -> CommandLine:
    """A tenant with a store."""
    line.json("tenant", "put", "acme", "--name", "Acme")
    line.json(
        "store",
        "put",
        "leeds",
        "--tenant",
        "acme",
        "--name",
        "Leeds",
        "--time-zone",
        "Europe/London",
        "--currency",
        "GBP",
    )
    return line


def test_help_names_every_command_without_loading_any() -> None:
    """What can be done is on one page."""
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


def test_every_listed_command_exists() -> None:
    """The page tells the truth."""
    for name in COMMANDS:
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0, name


def test_migrating_again_changes_nothing(line: CommandLine) -> None:
    """An upgrade script may run it always."""
    key = (line.folder / "core" / "master.key").read_bytes()
    line.json("migrate")
    assert (line.folder / "core" / "master.key").read_bytes() == key


def test_without_a_database_the_next_step_is_named(tmp_path: Path) -> None:
    """No traceback, one sentence."""
    result = CommandLine(tmp_path).run("tenant", "list")
    assert result.exit_code == 1
    assert "core-service migrate" in result.stderr


def test_an_unknown_tenant_names_the_next_step(line: CommandLine) -> None:
    """REFERENCE_UNKNOWN with a command."""
    result = line.run("exceptions", "list", "--tenant", "nobody")
    assert result.exit_code == 1
    assert "core-service tenant put nobody" in result.stderr


def test_every_settings_error_is_told_at_once(tmp_path: Path) -> None:
    """Not one after another."""
    (tmp_path / "core.toml").write_text('prot = 1\nlog_level = "loud"\n[agents]\nport = 99999\n', "utf-8")
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "core.toml"), "tenant", "list"])
    assert result.exit_code == 1
    assert "prot" in result.stderr


def test_a_catalogue_and_stock_are_imported_and_shown(shop: CommandLine) -> None:
    """CSV in, levels out; the store's share is on its way."""
    (shop.folder / "skus.csv").write_text('sku,name,gtins,aliases\nMUG,"Mug, blue",4006381333931,BLUE\n', "utf-8")
    (shop.folder / "stock.csv").write_text("location,sku,quantity\nleeds,BLUE,100\n", "utf-8")
    shop.json("sku", "import", str(shop.folder / "skus.csv"), "--tenant", "acme")
    for _ in range(2):  # the same file again books nothing again
        shop.json("stock", "import", str(shop.folder / "stock.csv"), "--tenant", "acme")
    level = shop.json("stock", "list", "--tenant", "acme")["levels"][0]
    assert (level["on_hand"], level["core_rights"], level["in_flight"]) == ("100", "20", "80")
    assert shop.json("verify-ledger", "--tenant", "acme") == {"discrepancies": []}


def test_a_wrong_row_imports_nothing_and_is_named(shop: CommandLine) -> None:
    """All rows or none."""
    (shop.folder / "skus.csv").write_text("sku,name,gtins,aliases\nGOOD,Good,,\nBAD,Bad,4006381333930,\n", "utf-8")
    result = shop.run("sku", "import", str(shop.folder / "skus.csv"), "--tenant", "acme")
    assert result.exit_code == 1
    assert "row 3" in result.output
    assert shop.json("sku", "list", "--tenant", "acme") == {"skus": []}


def test_a_tills_key_is_shown_once_and_the_one_before_goes_on(shop: CommandLine) -> None:
    """Two keys in the overlap."""
    shop.json("till", "put", "till-1", "--tenant", "acme", "--store", "leeds", "--dialect", "plain")
    keys = [shop.json("till", "key", "till-1", "--tenant", "acme", "--store", "leeds")["api_key"] for _ in range(2)]
    assert keys[0] != keys[1]
    assert all(key.startswith("tst_") for key in keys)


def test_a_credential_is_ended_and_listed_without_its_secret(shop: CommandLine) -> None:
    """The token is nowhere afterwards."""
    made = shop.json("credential", "create", "--tenant", "acme", "--name", "OMS", "--scope", "orders:read")
    shop.json("credential", "revoke", made["credential"], "--tenant", "acme")
    listed = shop.run("credential", "list", "--tenant", "acme", "--json").stdout
    assert made["token"] not in listed
    assert json.loads(listed)["credentials"][0]["revoked"]


def test_a_join_token_is_made_for_a_store_that_exists_only(shop: CommandLine) -> None:
    """And names the agent that it makes."""
    assert shop.json("token", "create", "--tenant", "acme", "--store", "leeds")["agent"] == "leeds-1"
    assert shop.run("token", "create", "--tenant", "acme", "--store", "york").exit_code == 1


def test_a_restore_moves_the_present_database_aside(shop: CommandLine) -> None:
    """Nothing is deleted, and it asks first."""
    shop.json("backup", str(shop.folder / "backup.db"))
    shop.json("tenant", "put", "later", "--name", "Later")
    assert shop.run("restore", str(shop.folder / "backup.db")).exit_code == 1
    answer = shop.json("restore", str(shop.folder / "backup.db"), "--yes")
    assert Path(answer["previous"]).exists()
    assert [one["tenant"] for one in shop.json("tenant", "list")["tenants"]] == ["acme"]


def test_a_restore_that_cannot_be_done_leaves_the_present_database_in_its_place(shop: CommandLine) -> None:
    """A wrong path, a file that is no database."""
    (shop.folder / "notes.txt").write_text("no database")
    for wrong in ("nowhere.db", "notes.txt"):
        result = shop.run("restore", str(shop.folder / wrong), "--yes")
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit), result.exception
    assert [one["tenant"] for one in shop.json("tenant", "list")["tenants"]] == ["acme"]


def test_a_restore_under_a_running_core_is_refused(shop: CommandLine) -> None:
    """What the core commits afterwards would be lost with the file that was moved aside."""
    shop.json("backup", str(shop.folder / "backup.db"))
    with in_use(f"sqlite+aiosqlite:///{shop.folder / 'core' / 'core.db'}"):
        result = shop.run("restore", str(shop.folder / "backup.db"), "--yes")
    assert result.exit_code == 1
    assert "DATABASE_IN_USE" in result.stderr
    shop.json("restore", str(shop.folder / "backup.db"), "--yes")


def test_why_of_an_unknown_id_is_a_sentence(shop: CommandLine) -> None:
    """NOT_FOUND, exit code 1."""
    result = shop.run("why", "ord_nothing", "--tenant", "acme")
    assert result.exit_code == 1
    assert "NOT_FOUND" in result.stderr
