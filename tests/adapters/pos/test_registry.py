"""Dialects are found by name, loaded late, listed in order; documents belong to the door of their kind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from adapters.errors import Permanent
from adapters.pos.contract import Door
from adapters.pos.doors import check_door, door_of
from adapters.pos.registry import NAMES, dialect
from adapters.reasons import Reason
from tests.adapters.pos.square_messages import answer, order
from tests.adapters.pos.test_plain import message
from tests.contracts.pos_dialect import CONTEXT


def test_names_are_sorted_and_each_is_its_dialects_own() -> None:
    assert list(NAMES) == sorted(NAMES)
    assert [dialect(name).name for name in NAMES] == list(NAMES)


def test_an_unknown_dialect_is_named() -> None:
    with pytest.raises(Permanent) as refused:
        dialect("klingon")
    assert refused.value.reason is Reason.DIALECT_UNKNOWN
    assert "plain" in refused.value.sentence


def test_a_dialect_is_loaded_only_when_asked_for() -> None:
    """Start-up does not pay for tills that a store does not have."""
    probe = "import sys, json, adapters.pos.registry; print(json.dumps([m for m in sys.modules if m.startswith('adapters.pos.')]))"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert not [
        name for name in json.loads(loaded.stdout) if name.startswith(("adapters.pos.plain", "adapters.pos.square"))
    ]


@pytest.mark.parametrize(
    ("raw", "door"),
    [
        (message(), Door.SALES),
        (message(type="return"), Door.RETURNS),
        (message(type="void", lines=None, total=None, original_receipt="1"), Door.VOIDS),
    ],
)
def test_a_plain_document_comes_through_the_door_of_its_kind_only(raw: bytes, door: Door) -> None:
    reading = dialect("plain").read(raw, CONTEXT)
    assert door_of(reading) is door
    for other in Door:
        if other is door:
            check_door("plain", reading, other)
        else:
            with pytest.raises(Permanent) as refused:
                check_door("plain", reading, other)
            assert (refused.value.reason, refused.value.path) == (Reason.FIELD_INVALID, "$.type")


def test_a_vendor_posts_everything_through_one_door() -> None:
    reading = dialect("square").read(answer(order=order(state="CANCELED")), CONTEXT)
    check_door("square", reading, Door.SALES)
