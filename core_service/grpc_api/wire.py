"""The way up on the wire: an agent's protobuf messages in, ours out, and answers back; refuses what it cannot read, with its path.

Conversion only. What a message means is decided by `core_service.intake.stream_session` and the pipeline.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from adapters.canonical.chain import from_microseconds
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind, Outcome, Verdict
from adapters.canonical.key import BusinessKey
from adapters.canonical.quantity import QuantityError, parse_quantity
from adapters.canonical.uplink import (
    Credit,
    Gap,
    Opened,
    OpenStream,
    SendBatch,
    Settled,
    UplinkAnswer,
    UplinkRequest,
)
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.pipeline.normalise import RightsMessage
from tillstream.edge.v1 import entry_pb2, uplink_service_pb2

EPOCH_BYTES = 16
FINGERPRINT_BYTES = 32

_KINDS = {
    entry_pb2.ENTRY_KIND_TILL_DOCUMENT: EntryKind.TILL_DOCUMENT,
    entry_pb2.ENTRY_KIND_REJECTED: EntryKind.REJECTED,
    entry_pb2.ENTRY_KIND_RIGHTS_ACKNOWLEDGED: EntryKind.RIGHTS_ACKNOWLEDGED,
    entry_pb2.ENTRY_KIND_RIGHTS_RETURNED: EntryKind.RIGHTS_RETURNED,
}
_OUTCOMES = {
    Outcome.BOOKED: uplink_service_pb2.OUTCOME_BOOKED,
    Outcome.REPEAT: uplink_service_pb2.OUTCOME_REPEAT,
    Outcome.AMENDED: uplink_service_pb2.OUTCOME_AMENDED,
    Outcome.NO_EFFECT: uplink_service_pb2.OUTCOME_NO_EFFECT,
    Outcome.PARKED: uplink_service_pb2.OUTCOME_PARKED,
}


async def from_requests(
    requests: AsyncIterator[uplink_service_pb2.StreamEntriesRequest],
) -> AsyncGenerator[UplinkRequest, None]:
    """Yield an agent's messages as they come; entries get the epoch that the Open named."""
    epoch = b""
    try:
        async for request in requests:
            which = request.WhichOneof("message")
            if which == "open":
                epoch = request.open.epoch
                yield _open(request.open)
            elif which == "batch":
                yield _batch(request.batch, epoch)
            else:
                raise _invalid("message", "is an Open or a Batch")
    except DecodeError as error:
        raise _invalid("message", "is a StreamEntriesRequest, and these bytes are none") from error


def _open(message: uplink_service_pb2.Open) -> OpenStream:
    return OpenStream(
        epoch=message.epoch,
        next_sequence=message.next_sequence,
        settled_sequence=message.settled_sequence,
        settled_chain=message.settled_chain,
        forked_from=message.forked_from_epoch,
        agent_version=_text(message.agent_version, "open.agent_version"),
        clock_ms=message.clock_ms,
    )


def _batch(message: uplink_service_pb2.Batch, epoch: bytes) -> SendBatch:
    gap = None
    if message.HasField("gap"):
        gap = Gap(
            first=message.gap.first_sequence,
            last=message.gap.last_sequence,
            chain=message.gap.chain,
            sentence=_text(message.gap.sentence, "batch.gap.sentence"),
        )
    entries = tuple(_entry(entry, epoch, f"batch.entries[{place}]") for place, entry in enumerate(message.entries))
    return SendBatch(entries=entries, gap=gap)


def _entry(message: entry_pb2.Entry, epoch: bytes, path: str) -> Entry:
    kind = _KINDS.get(message.kind)
    if kind is None:
        sentence = f"Entry {message.sequence} is of kind {message.kind}, which this core does not know; update the core. Nothing is lost."
        raise Permanent(Reason.ENTRY_KIND_UNKNOWN, sentence, path=f"{path}.kind")
    content = EntryContent(
        kind=kind,
        transport=_text(message.transport, f"{path}.transport"),
        dialect=_text(message.dialect, f"{path}.dialect"),
        dialect_version=_text(message.dialect_version, f"{path}.dialect_version"),
        till=_text(message.till, f"{path}.till"),
        raw=message.raw,
        received_at=_moment(message.received_time, f"{path}.received_time"),
        receipt_id=_text(message.receipt_id, f"{path}.receipt_id"),
        key=_key(message.business_key, f"{path}.business_key") if message.HasField("business_key") else None,
        reason=_text(message.reason, f"{path}.reason"),
        sentence=_text(message.sentence, f"{path}.sentence"),
    )
    previous = None
    if message.HasField("previous_id"):
        before = message.previous_id
        _check(len(before.epoch) == EPOCH_BYTES, f"{path}.previous_id.epoch", f"is {EPOCH_BYTES} bytes")
        previous = EntryId(epoch=before.epoch, sequence=before.sequence)
    return Entry(
        id=EntryId(epoch=epoch, sequence=message.sequence),
        content=content,
        chain=message.chain,
        previous_id=previous,
        traceparent=_text(message.traceparent, f"{path}.traceparent"),
    )


def _key(message: entry_pb2.BusinessKey, path: str) -> BusinessKey:
    _check(len(message.fingerprint) == FINGERPRINT_BYTES, f"{path}.fingerprint", f"is {FINGERPRINT_BYTES} bytes")
    _check(message.fingerprint_version >= 0, f"{path}.fingerprint_version", "is not below zero")
    return BusinessKey(
        kind=_text(message.kind, f"{path}.kind"),
        source=_text(message.source, f"{path}.source"),
        reference=_text(message.reference, f"{path}.reference"),
        revision=message.revision,
        fingerprint=message.fingerprint,
        fingerprint_version=message.fingerprint_version,
    )


def to_answer(answer: UplinkAnswer) -> uplink_service_pb2.StreamEntriesResponse:
    """Write an answer on an agent's stream."""
    if isinstance(answer, Opened):
        return uplink_service_pb2.StreamEntriesResponse(
            opened=uplink_service_pb2.Opened(
                watermark=answer.watermark,
                chain=answer.chain,
                credit=_credit(answer.credit),
                session_id=answer.session_id,
            )
        )
    if isinstance(answer, Settled):
        return uplink_service_pb2.StreamEntriesResponse(
            settled=uplink_service_pb2.Settled(
                through=answer.through,
                verdicts=[_verdict(verdict) for verdict in answer.verdicts],
                credit=_credit(answer.credit),
            )
        )
    return uplink_service_pb2.StreamEntriesResponse(
        fork=uplink_service_pb2.Fork(sequence=answer.sequence, sentence=answer.sentence)
    )


def _credit(credit: Credit) -> uplink_service_pb2.Credit:
    return uplink_service_pb2.Credit(entries=credit.entries, bytes=credit.bytes)


def _verdict(verdict: Verdict) -> uplink_service_pb2.Verdict:
    return uplink_service_pb2.Verdict(
        sequence=verdict.sequence,
        outcome=_OUTCOMES[verdict.outcome],
        reason=verdict.reason,
        sentence=verdict.sentence,
        record_id=verdict.record_id,
        order_ids=verdict.order_ids,
    )


def decode_rights(kind: EntryKind, raw: bytes) -> RightsMessage:
    """Read `raw` of an agent's own fact; raises Permanent(FIELD_INVALID | FIELD_MISSING | QUANTITY_INVALID), which parks it."""
    try:
        if kind is EntryKind.RIGHTS_ACKNOWLEDGED:
            message = RightsMessage(transfer_id=entry_pb2.RightsAcknowledged.FromString(raw).transfer_id)
        else:
            returned = entry_pb2.RightsReturned.FromString(raw)
            quantity = parse_quantity(returned.quantity or "0")
            message = RightsMessage(transfer_id=returned.transfer_id, sku=returned.sku, quantity=quantity)
    except DecodeError as error:
        sentence = "The agent's own fact cannot be read; report it with the agent's version."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="raw") from error
    except QuantityError as error:
        raise Permanent(
            Reason.QUANTITY_INVALID, f"The agent gave rights back wrongly: {error}.", path="quantity"
        ) from error
    if not message.transfer_id:
        sentence = "The agent's own fact names no transfer; report it with the agent's version."
        raise Permanent(Reason.FIELD_MISSING, sentence, path="transfer_id")
    return message


def _moment(stamp: Timestamp, path: str) -> datetime:
    try:
        return from_microseconds(stamp.seconds * 1_000_000 + stamp.nanos // 1000)
    except OverflowError as error:
        raise _invalid(path, "is a moment between the years 1 and 9999") from error


def _text(value: str, path: str) -> str:
    if "\0" in value:
        raise Permanent(Reason.TEXT_NOT_STORABLE, f"{path} holds a NUL character, which no database keeps.", path=path)
    return value


def _check(holds: bool, path: str, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise _invalid(path, what)


def _invalid(path: str, what: str) -> Permanent:
    return Permanent(Reason.FIELD_INVALID, f"{path} {what}; update the agent, or report it as a defect.", path=path)
