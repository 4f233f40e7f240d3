"""Open ends, foreign places, hidden clocks and skipped tests are found. The bad words are put together here, so as not to be found themselves."""

from __future__ import annotations

import pytest

from tests.checks.smells.conftest import Smell

PROMISE = '"""Tills in, answers out."""\n'


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "raise Not" + "ImplementedError"])
def test_an_open_end_in_code_is_named(smell: Smell, word: str) -> None:
    assert smell("edge_agent/till/lookup.py", f"{PROMISE}# {word}\n") == [("open end", 2)]


@pytest.mark.parametrize("place", ["/wo" + "rk/main", "files.python" + "hosted.org", "see /wo" + "rk"])
def test_a_place_of_one_machine_is_named_in_any_text(smell: Smell, place: str) -> None:
    assert smell("README.md", f"# Tillstream\n{place}\n") == [("foreign", 2)]


@pytest.mark.parametrize(
    "text", ["/home/work" + "shop", "https://example.com/wor" + "k", "core_service/work/worker.py", "the work/ folder"]
)
def test_ordinary_paths_are_not_foreign(smell: Smell, text: str) -> None:
    assert smell("README.md", text) == []


def test_the_database_has_no_clock_of_its_own(smell: Smell) -> None:
    clock = "CURRENT_TIME" + "STAMP"
    text = f'{PROMISE}SQL = "UPDATE t SET at = {clock}"\n'  # noqa: S608 - a text that is looked at, never run
    assert smell("edge_agent/journal/schema.sql", f"CREATE TABLE t (at INTEGER DEFAULT {clock});\n") == [
        ("hidden clock", 1)
    ]
    assert smell("core_service/store/sales.py", text) == [("hidden clock", 2)]


def test_an_injected_clock_is_no_hidden_clock(smell: Smell) -> None:
    assert smell("core_service/store/sales.py", f"{PROMISE}moment = clock.now()\n") == []


@pytest.mark.parametrize(
    "mark", ["@pytest.mark.skip", "@pytest.mark.xfail(strict=True)", "@pytest.mark.skipif(True, reason='')"]
)
def test_a_skipped_test_is_named(smell: Smell, mark: str) -> None:
    text = f"{PROMISE}import pytest\n\n\n{mark}\ndef test_that() -> None: ...\n"
    assert smell("tests/edge_agent/test_that.py", text) == [("skipped", 5)]


def test_a_test_that_sleeps_is_named_and_one_that_yields_is_not(smell: Smell) -> None:
    assert smell("tests/edge_agent/test_that.py", f"{PROMISE}time.sleep(0.1)\n") == [("sleep", 2)]
    assert smell("tests/edge_agent/test_that.py", f"{PROMISE}await asyncio.sleep(0)\n") == []


def test_polling_a_condition_is_no_hoping(smell: Smell) -> None:
    text = f"{PROMISE}while not server.started:\n    await asyncio.sleep(0.01)\n"
    assert smell("tests/edge_agent/test_that.py", text) == []
