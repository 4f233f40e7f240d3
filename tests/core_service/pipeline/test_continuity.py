"""A batch goes on only where the core stands, with every entry linked to the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.chain import genesis, link
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.pipeline.continuity import DeclaredGap, reached
from core_service.ports.ingest import StreamPosition

EPOCH = b"e" * 16
START = StreamPosition(watermark=0, chain=genesis(EPOCH))


def journal(raws: list[bytes]) -> list[Entry]:
    """Return chained entries."""
    entries: list[Entry] = []
    chain = START.chain
    for sequence, raw in enumerate(raws, start=1):
        content = EntryContent(
            kind=EntryKind.TILL_DOCUMENT,
            transport="rest",
            dialect="plain",
            dialect_version="1",
            till="1",
            raw=raw,
            received_at=datetime(2026, 1, 5, tzinfo=UTC),
            receipt_id=f"rcp_{sequence}",
        )
        chain = link(chain, sequence, content)
        entries.append(Entry(id=EntryId(epoch=EPOCH, sequence=sequence), content=content, chain=chain))
    return entries


@given(raws=st.lists(st.binary(max_size=20), min_size=1, max_size=10), cut=st.integers(0, 10))
def test_any_split_reaches_the_same_position(raws: list[bytes], cut: int):
    entries = journal(raws)
    middle = reached(EPOCH, START, entries[:cut], None)
    end = reached(EPOCH, middle, entries[cut:], None)
    assert end == StreamPosition(watermark=len(entries), chain=entries[-1].chain)


@given(raws=st.lists(st.binary(max_size=20), min_size=2, max_size=8), data=st.data())
def test_a_missing_altered_or_swapped_entry_shows(raws: list[bytes], data: st.DataObject):
    entries = journal(raws)
    place = data.draw(st.integers(0, len(entries) - 2))
    missing = entries[:place] + entries[place + 1 :]
    altered = replace(entries[place], content=replace(entries[place].content, raw=entries[place].content.raw + b"!"))
    swapped = [*entries[:place], entries[place + 1], entries[place], *entries[place + 2 :]]
    for wrong in (missing, [*entries[:place], altered, *entries[place + 1 :]], swapped):
        with pytest.raises(Permanent) as refused:
            reached(EPOCH, START, wrong, None)
        assert refused.value.reason in {Reason.CHAIN_BROKEN, Reason.SEQUENCE_UNEXPECTED}


def test_a_declared_gap_is_stepped_over_only_right_after_the_watermark():
    entries = journal([b"a", b"b", b"c"])
    gap = DeclaredGap(first=1, last=2, chain=entries[1].chain, sentence="lost")
    assert reached(EPOCH, START, entries[2:], gap).watermark == 3
    for wrong in (replace(gap, first=2), replace(gap, last=0)):
        with pytest.raises(Permanent, match="SEQUENCE_UNEXPECTED"):
            reached(EPOCH, START, entries[2:], wrong)


def test_entries_of_another_epoch_are_refused():
    with pytest.raises(Permanent, match="SEQUENCE_UNEXPECTED"):
        reached(b"f" * 16, START, journal([b"a"]), None)
