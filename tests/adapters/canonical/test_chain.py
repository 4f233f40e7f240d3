"""The chain shows every altered, missing, moved or foreign entry, and can be checked after raw bytes were erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.chain import from_microseconds, genesis, link, microseconds, raw_digest
from adapters.canonical.entry import EntryContent, EntryKind
from adapters.canonical.key import BusinessKey

EPOCH = bytes(range(16))
KEY = BusinessKey(kind="sale", source="s/t", reference="r", revision=0, fingerprint=b"f" * 32, fingerprint_version=1)
CONTENT = EntryContent(
    kind=EntryKind.TILL_DOCUMENT,
    transport="rest",
    dialect="plain",
    dialect_version="1",
    till="t",
    raw=b"{}",
    received_at=datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC),
    receipt_id="rcp",
    key=KEY,
)
HASH_ON_RECORD = "2d24a4e9f124a1f4e2407c654dce04271a7a0aaac509aa7264f80d5510a44b27"
CHANGES: list[dict[str, Any]] = [
    {"kind": EntryKind.REJECTED},
    {"transport": "soap"},
    {"dialect": "square"},
    {"dialect_version": "2"},
    {"till": "u"},
    {"raw": b"{ }"},
    {"received_at": CONTENT.received_at + timedelta(microseconds=1)},
    {"receipt_id": "rcq"},
    {"key": None},
    {"key": replace(KEY, revision=1)},
    {"key": replace(KEY, revision=-1)},
    {"key": replace(KEY, fingerprint_version=2)},
    {"key": replace(KEY, reference="q")},
    {"reason": "X"},
    {"sentence": "X"},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(change)) for change in CHANGES])
def test_any_change_of_an_entry_changes_its_hash(change: dict[str, Any]) -> None:
    before = link(genesis(EPOCH), 1, CONTENT)
    assert link(genesis(EPOCH), 1, replace(CONTENT, **change)) != before


def test_place_and_past_and_epoch_are_covered() -> None:
    here = link(genesis(EPOCH), 1, CONTENT)
    assert link(genesis(EPOCH), 2, CONTENT) != here
    assert link(here, 1, CONTENT) != here
    assert link(genesis(EPOCH[::-1]), 1, CONTENT) != here


@given(raw=st.binary(max_size=50))
def test_an_erased_message_is_vouched_for_by_its_digest(raw: bytes) -> None:
    content = replace(CONTENT, raw=raw)
    erased = replace(content, raw=b"")
    assert link(genesis(EPOCH), 1, erased, raw_digest(raw)) == link(genesis(EPOCH), 1, content)


def test_the_hash_of_today_is_that_of_tomorrow() -> None:
    """Hashes are on record on every agent: a change of the encoding would look like a fork of the whole fleet."""
    assert link(genesis(EPOCH), 1, CONTENT).hex() == HASH_ON_RECORD


@given(moment=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(timezone(timedelta(hours=5)))))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_moments_come_back_exactly(moment: datetime) -> None:
    assert from_microseconds(microseconds(moment)) == moment
