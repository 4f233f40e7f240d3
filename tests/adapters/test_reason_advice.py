"""Every reason tells a person who acts and what to do next, in sentences."""

from __future__ import annotations

import pytest

from adapters.reason_advice import ADVICE
from adapters.reasons import Owner, Reason


def test_each_reason_has_an_advice_and_nothing_else_has() -> None:
    assert set(ADVICE) == set(Reason)


@pytest.mark.parametrize("reason", sorted(ADVICE))
def test_an_advice_is_two_sentences_with_an_owner(reason: Reason) -> None:
    advice = ADVICE[reason]
    assert isinstance(advice.owner, Owner)
    for sentence in (advice.meaning, advice.next_step):
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence.startswith("`")
        assert "|" not in sentence


def test_a_reasons_name_is_its_value() -> None:
    assert all(reason.name == reason.value for reason in Reason)
