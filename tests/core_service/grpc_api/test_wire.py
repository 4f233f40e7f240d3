"""The messages of both ends on the wire: what one side writes the other reads as it was, and what cannot be is refused with its path."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.chain import link
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind, Outcome, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.uplink import Credit, Forked, Gap, Opened, OpenStream, SendBatch, Settled, UplinkRequest
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.grpc_api import downlink_wire, wire
from core_service.pipeline.normalise import RightsMessage
from edge_agent.uplink import wire as edge
from edge_agent.watch import wire as edge_watch
from tests.core_service.downlink.test_size import CHANGES, MOMENT
from tillstream.edge.v1 import entry_pb2, uplink_service_pb2

EPOCH = b"e" * 16
TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
SEQUENCES = st.integers(min_value=1, max_value=2**63 - 1)
KEYS = st.builds(
    BusinessKey,
    kind=TEXT,
    source=TEXT,
    reference=TEXT,
    revision=st.integers(-(2**63), 2**63 - 1),
    fingerprint=st.binary(min_size=32, max_size=32),
    fingerprint_version=st.integers(0, 2**31 - 1),
)
CONTENTS = st.builds(
    EntryContent,
    kind=st.sampled_from(EntryKind),
    transport=TEXT,
    dialect=TEXT,
    dialect_version=TEXT,
    till=TEXT,
    raw=st.binary(max_size=50),
    received_at=st.datetimes(timezones=st.just(UTC)),
    receipt_id=TEXT,
    key=st.none() | KEYS,
    reason=TEXT,
    sentence=TEXT,
)
ENTRIES = st.builds(
    Entry,
    id=st.builds(EntryId, epoch=st.just(EPOCH), sequence=SEQUENCES),
    content=CONTENTS,
    chain=st.binary(min_size=32, max_size=32),
    previous_id=st.none() | st.builds(EntryId, epoch=st.binary(min_size=16, max_size=16), sequence=SEQUENCES),
    traceparent=TEXT,
)
OPEN = OpenStream(
    epoch=EPOCH,
    next_sequence=8,
    settled_sequence=7,
    settled_chain=b"c" * 32,
    forked_from=b"f" * 16,
    agent_version="1.2",
    clock_ms=5,
)


async def read(*requests: uplink_service_pb2.StreamEntriesRequest) -> list[UplinkRequest]:
    async def coming() -> AsyncIterator[uplink_service_pb2.StreamEntriesRequest]:
        for request in requests:
            yield uplink_service_pb2.StreamEntriesRequest.FromString(request.SerializeToString())

    return [message async for message in wire.from_requests(coming())]


@given(
    entries=st.lists(ENTRIES, max_size=4),
    gap=st.none() | st.builds(Gap, first=SEQUENCES, last=SEQUENCES, chain=st.binary(), sentence=TEXT),
)
async def test_what_an_agent_writes_the_core_reads_as_it_was(entries: list[Entry], gap: Gap | None) -> None:
    batch = SendBatch(entries=tuple(entries), gap=gap)
    assert await read(edge.to_request(OPEN), edge.to_request(batch)) == [OPEN, batch]


@given(ENTRIES)
async def test_the_chain_hash_is_the_same_on_both_ends(entry: Entry) -> None:
    _, batch = await read(edge.to_request(OPEN), edge.to_request(SendBatch(entries=(entry,))))
    assert isinstance(batch, SendBatch)
    assert link(b"p" * 32, 5, batch.entries[0].content) == link(b"p" * 32, 5, entry.content)


@pytest.mark.parametrize(
    "answer",
    [
        Opened(watermark=7, chain=b"c" * 32, credit=Credit(entries=3, bytes=2**40), session_id="s"),
        Settled(
            through=9,
            verdicts=tuple(
                Verdict(
                    sequence=sequence,
                    outcome=outcome,
                    reason="R",
                    sentence="Say.",
                    record_id="sal_1",
                    order_ids=("ord_1", "ord_2"),
                )
                for sequence, outcome in enumerate(Outcome, start=5)
            ),
            credit=Credit(entries=1, bytes=1),
        ),
        Forked(sequence=4, sentence="Two disks."),
    ],
)
def test_what_the_core_answers_the_agent_reads_as_it_was(answer: Opened | Settled | Forked) -> None:
    assert edge.to_answer(wire.to_answer(answer)) == answer


@given(st.lists(CHANGES, max_size=5))
def test_news_arrive_as_they_were_sent(changes: list[object]) -> None:
    from adapters.canonical.downlink import News

    news = News(
        feed_id="f",
        revision=9,
        snapshot_begins=True,
        complete=False,
        sent_at=MOMENT,
        changes=tuple(changes),  # type: ignore[arg-type] # drawn from CHANGES
    )
    assert edge_watch.to_news(downlink_wire.to_watch_response(news)) == news


def test_a_change_that_this_agent_does_not_know_is_left_out() -> None:
    from tillstream.edge.v1 import downlink_service_pb2

    answer = downlink_service_pb2.WatchResponse(
        feed_id="f", revision=1, changes=[downlink_service_pb2.Change(revision=1)]
    )
    assert edge_watch.to_news(answer).changes == ()


def a_batch(**entry: object) -> uplink_service_pb2.StreamEntriesRequest:
    message = entry_pb2.Entry(sequence=1, kind=entry_pb2.ENTRY_KIND_TILL_DOCUMENT, **entry)  # type: ignore[arg-type] # fields by name
    return uplink_service_pb2.StreamEntriesRequest(batch=uplink_service_pb2.Batch(entries=[message]))


def key(**fields: object) -> entry_pb2.BusinessKey:
    return entry_pb2.BusinessKey(**{"fingerprint": bytes(32), **fields})  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize(
    ("request_", "reason", "path"),
    [
        (uplink_service_pb2.StreamEntriesRequest(), Reason.FIELD_INVALID, "message"),
        (a_batch(till="a\0b"), Reason.TEXT_NOT_STORABLE, "batch.entries[0].till"),
        (
            a_batch(business_key=key(reference="\0")),
            Reason.TEXT_NOT_STORABLE,
            "batch.entries[0].business_key.reference",
        ),
        (
            a_batch(business_key=key(fingerprint=b"x")),
            Reason.FIELD_INVALID,
            "batch.entries[0].business_key.fingerprint",
        ),
        (
            a_batch(business_key=key(fingerprint_version=-1)),
            Reason.FIELD_INVALID,
            "batch.entries[0].business_key.fingerprint_version",
        ),
        (
            a_batch(previous_id=entry_pb2.EntryId(epoch=b"x", sequence=1)),
            Reason.FIELD_INVALID,
            "batch.entries[0].previous_id.epoch",
        ),
        (a_batch(received_time={"seconds": 2**62}), Reason.FIELD_INVALID, "batch.entries[0].received_time"),
        (a_batch(received_time={"seconds": -(2**62)}), Reason.FIELD_INVALID, "batch.entries[0].received_time"),
    ],
)
async def test_fault_049_what_cannot_be_read_is_refused_with_its_path(
    request_: uplink_service_pb2.StreamEntriesRequest, reason: Reason, path: str
) -> None:
    with pytest.raises(Permanent) as refused:
        await read(edge.to_request(OPEN), request_)
    assert (refused.value.reason, refused.value.path) == (reason, path)


@pytest.mark.parametrize("kind", [0, 5, 99, -1])
async def test_fault_049_an_unknown_kind_of_entry_is_refused_and_named(kind: int) -> None:
    message = entry_pb2.Entry(sequence=3, kind=kind)  # type: ignore[arg-type] # a newer agent's
    batch = uplink_service_pb2.StreamEntriesRequest(batch=uplink_service_pb2.Batch(entries=[message]))
    with pytest.raises(Permanent) as refused:
        await read(edge.to_request(OPEN), batch)
    assert refused.value.reason is Reason.ENTRY_KIND_UNKNOWN
    assert "update the core" in refused.value.sentence


def test_an_outcome_that_this_agent_does_not_know_is_refused() -> None:
    settled = uplink_service_pb2.Settled(through=1, verdicts=[uplink_service_pb2.Verdict(sequence=1, outcome=77)])  # type: ignore[arg-type]
    with pytest.raises(Permanent) as refused:
        edge.to_answer(uplink_service_pb2.StreamEntriesResponse(settled=settled))
    assert "update the agent" in refused.value.sentence


@given(TEXT.filter(bool), TEXT, st.decimals(min_value=0, max_value=999_999_999, places=6))
def test_rights_are_read_as_the_agent_wrote_them(transfer: str, sku: str, quantity: Decimal) -> None:
    acknowledged = wire.decode_rights(EntryKind.RIGHTS_ACKNOWLEDGED, edge.rights_acknowledged(transfer))
    assert acknowledged == RightsMessage(transfer_id=transfer)
    returned = wire.decode_rights(EntryKind.RIGHTS_RETURNED, edge.rights_returned(transfer, sku, quantity))
    assert returned == RightsMessage(transfer_id=transfer, sku=sku, quantity=quantity)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", Reason.FIELD_INVALID),
        (b"", Reason.FIELD_MISSING),
        (entry_pb2.RightsReturned(transfer_id="t", quantity="NaN").SerializeToString(), Reason.QUANTITY_INVALID),
        (entry_pb2.RightsReturned(transfer_id="t", quantity="1e400").SerializeToString(), Reason.QUANTITY_INVALID),
    ],
)
def test_rights_that_cannot_be_read_are_refused_for_parking(raw: bytes, reason: Reason) -> None:
    with pytest.raises(Permanent) as refused:
        wire.decode_rights(EntryKind.RIGHTS_RETURNED, raw)
    assert refused.value.reason is reason


@given(st.binary(max_size=200), st.sampled_from((EntryKind.RIGHTS_ACKNOWLEDGED, EntryKind.RIGHTS_RETURNED)))
def test_any_bytes_are_rights_or_a_refusal(raw: bytes, kind: EntryKind) -> None:
    with contextlib.suppress(Permanent):
        assert wire.decode_rights(kind, raw).transfer_id


def test_a_moment_keeps_its_microseconds() -> None:
    content = EntryContent(
        kind=EntryKind.REJECTED,
        transport="rest",
        dialect="plain",
        dialect_version="1",
        till="1",
        raw=b"",
        received_at=datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC),
        receipt_id="r",
    )
    entry = Entry(id=EntryId(epoch=EPOCH, sequence=1), content=content, chain=bytes(32))
    written = edge.to_request(SendBatch(entries=(replace(entry),)))
    assert written.batch.entries[0].received_time.nanos == 123_457_000
