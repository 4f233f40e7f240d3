"""Names, sizes and docstrings that say nothing are found; those that say something are left alone."""

from __future__ import annotations

import pytest

from checks.smells.shape import LONGEST_FILE
from tests.checks.smells.conftest import Smell

PROMISE = '"""Tills in, answers out."""\n'


@pytest.mark.parametrize("name", ["utils", "_helpers", "common", "till_utils", "manager", "base"])
def test_a_module_named_for_nothing_is_a_grab_bag(smell: Smell, name: str) -> None:
    assert smell(f"edge_agent/till/{name}.py", PROMISE) == [("grab-bag", 1)]


def test_a_package_named_for_nothing_is_a_grab_bag(smell: Smell) -> None:
    assert smell("core_service/shared/lookup.py", PROMISE) == [("grab-bag", 1)]


def test_a_class_named_manager_is_a_grab_bag(smell: Smell) -> None:
    text = PROMISE + 'class TillManager:\n    """Keep the list of tills that may speak."""\n'
    assert smell("edge_agent/till/lookup.py", text) == [("grab-bag", 2)]


def test_a_file_may_be_as_long_as_the_limit_and_no_longer(smell: Smell) -> None:
    at_limit = PROMISE + "x = 1\n" * (LONGEST_FILE - 1)
    assert smell("edge_agent/till/lookup.py", at_limit) == []
    assert smell("edge_agent/till/lookup.py", at_limit + "x = 1\n") == [("too long", LONGEST_FILE + 1)]


@pytest.mark.parametrize("text", ["x = 1\n", '"""\nStarts on the second line.\n"""\n'])
def test_a_module_begins_with_its_promise(smell: Smell, text: str) -> None:
    assert smell("edge_agent/till/lookup.py", text) == [("no promise", 1)]


def test_an_empty_file_promises_nothing_and_needs_not(smell: Smell) -> None:
    assert smell("tests/fakes/__init__.py", "") == []


def test_a_docstring_that_repeats_the_name_is_an_echo(smell: Smell) -> None:
    text = PROMISE + 'class StockLevel:\n    """The stock level."""\n'
    assert smell("edge_agent/till/lookup.py", text) == [("echo", 2)]


def test_a_docstring_that_adds_the_unit_is_no_echo(smell: Smell) -> None:
    text = PROMISE + 'class StockLevel:\n    """The stock level of one SKU in micro-units."""\n'
    assert smell("edge_agent/till/lookup.py", text) == []
