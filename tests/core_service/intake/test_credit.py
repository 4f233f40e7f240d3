"""Credit by backlog: the arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.uplink import Credit
from core_service.intake.credit import CreditPolicy


@pytest.mark.parametrize(("backlog", "entries"), [(0, 1000), (2000, 1000), (4000, 500), (20_000, 100), (10**9, 20)])
def test_credit_shrinks_as_the_backlog_grows(backlog: int, entries: int) -> None:
    assert CreditPolicy().grant(backlog).entries == entries


def test_one_entry_alone_may_always_be_in_flight() -> None:
    policy = CreditPolicy(full=Credit(entries=2, bytes=10))
    assert not policy.exceeded_by(1, 10**9)
    assert policy.exceeded_by(2, 11)
    assert policy.exceeded_by(3, 1)
    assert not policy.exceeded_by(2, 10)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_more_backlog_never_means_more_credit(one: int, other: int) -> None:
    little, much = sorted((one, other))
    policy = CreditPolicy()
    assert policy.grant(much).entries <= policy.grant(little).entries
    assert policy.grant(much).bytes <= policy.grant(little).bytes
    assert policy.grant(much).entries >= policy.least.entries
