"""The uplink on gRPC: our messages in, protobuf on the wire, and back; a thin shell that decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from adapters.canonical.chain import microseconds
from adapters.canonical.entry import Entry, EntryKind, Outcome, Verdict
from adapters.canonical.quantity import show
from adapters.canonical.uplink import (
    Credit,
    Forked,
    Opened,
    OpenStream,
    SendBatch,
    Settled,
    UplinkAnswer,
    UplinkRequest,
)
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.channel import refusal, translated
from tillstream.edge.v1 import entry_pb2, uplink_service_pb2, uplink_service_pb2_grpc

_Call: TypeAlias = grpc.aio.StreamStreamCall[
    uplink_service_pb2.StreamEntriesRequest, uplink_service_pb2.StreamEntriesResponse
]

_KINDS = {
    EntryKind.TILL_DOCUMENT: entry_pb2.ENTRY_KIND_TILL_DOCUMENT,
    EntryKind.REJECTED: entry_pb2.ENTRY_KIND_REJECTED,
    EntryKind.RIGHTS_ACKNOWLEDGED: entry_pb2.ENTRY_KIND_RIGHTS_ACKNOWLEDGED,
    EntryKind.RIGHTS_RETURNED: entry_pb2.ENTRY_KIND_RIGHTS_RETURNED,
}
_OUTCOMES = {
    uplink_service_pb2.OUTCOME_BOOKED: Outcome.BOOKED,
    uplink_service_pb2.OUTCOME_REPEAT: Outcome.REPEAT,
    uplink_service_pb2.OUTCOME_AMENDED: Outcome.AMENDED,
    uplink_service_pb2.OUTCOME_NO_EFFECT: Outcome.NO_EFFECT,
    uplink_service_pb2.OUTCOME_PARKED: Outcome.PARKED,
}


def rights_acknowledged(transfer_id: str) -> bytes:
    """Return `raw` of a RIGHTS_ACKNOWLEDGED entry."""
    return entry_pb2.RightsAcknowledged(transfer_id=transfer_id).SerializeToString(deterministic=True)


def rights_returned(transfer_id: str, sku: str, quantity: Decimal) -> bytes:
    """Return `raw` of a RIGHTS_RETURNED entry."""
    message = entry_pb2.RightsReturned(transfer_id=transfer_id, sku=sku, quantity=show(quantity))
    return message.SerializeToString(deterministic=True)


class GrpcUplinkTransport:
    """Opens streams, each on a connection of its own; `connect` makes a channel with the present address and certificate."""

    def __init__(self, connect: Callable[[], grpc.aio.Channel]) -> None:
        self._connect = connect

    async def open(self) -> GrpcUplinkCall:
        """Begin a call; that the core is not there shows when its first answer is awaited."""
        channel = self._connect()
        stub = uplink_service_pb2_grpc.UplinkServiceStub(channel)
        return GrpcUplinkCall(channel, stub.StreamEntries())


class GrpcUplinkCall:
    """One stream on gRPC."""

    def __init__(self, channel: grpc.aio.Channel, call: _Call) -> None:
        self._channel = channel
        self._call = call

    async def send(self, message: UplinkRequest) -> None:
        """Write a message; raises what the core ended the stream with, when it has."""
        try:
            with translated():
                await self._call.write(to_request(message))
        except asyncio.InvalidStateError as error:
            raise refusal(await self._ended()) from error

    async def receive(self) -> UplinkAnswer | None:
        """Read the next answer."""
        with translated():
            answer = await self._call.read()
        return to_answer(answer) if isinstance(answer, uplink_service_pb2.StreamEntriesResponse) else None

    async def close(self) -> None:
        """Cancel the call and close its connection."""
        self._call.cancel()
        await self._channel.close()

    async def _ended(self) -> grpc.aio.AioRpcError:
        return grpc.aio.AioRpcError(
            await self._call.code(),
            await self._call.initial_metadata(),
            await self._call.trailing_metadata(),
            await self._call.details(),
        )


def to_request(message: UplinkRequest) -> uplink_service_pb2.StreamEntriesRequest:
    """Write a message of the agent."""
    if isinstance(message, OpenStream):
        return uplink_service_pb2.StreamEntriesRequest(
            open=uplink_service_pb2.Open(
                epoch=message.epoch,
                next_sequence=message.next_sequence,
                settled_sequence=message.settled_sequence,
                settled_chain=message.settled_chain,
                forked_from_epoch=message.forked_from,
                agent_version=message.agent_version,
                clock_ms=message.clock_ms,
            )
        )
    return uplink_service_pb2.StreamEntriesRequest(batch=_batch(message))


def _batch(message: SendBatch) -> uplink_service_pb2.Batch:
    gap = message.gap
    return uplink_service_pb2.Batch(
        entries=[_entry(entry) for entry in message.entries],
        gap=uplink_service_pb2.Gap(
            first_sequence=gap.first, last_sequence=gap.last, chain=gap.chain, sentence=gap.sentence
        )
        if gap
        else None,
    )


def _entry(entry: Entry) -> entry_pb2.Entry:
    content, key, before = entry.content, entry.content.key, entry.previous_id
    seconds, micros = divmod(microseconds(content.received_at), 1_000_000)
    return entry_pb2.Entry(
        sequence=entry.id.sequence,
        kind=_KINDS[content.kind],
        transport=content.transport,
        dialect=content.dialect,
        dialect_version=content.dialect_version,
        till=content.till,
        raw=content.raw,
        received_time=Timestamp(seconds=seconds, nanos=micros * 1000),
        business_key=entry_pb2.BusinessKey(
            kind=key.kind,
            source=key.source,
            reference=key.reference,
            revision=key.revision,
            fingerprint=key.fingerprint,
            fingerprint_version=key.fingerprint_version,
        )
        if key
        else None,
        receipt_id=content.receipt_id,
        chain=entry.chain,
        reason=content.reason,
        sentence=content.sentence,
        previous_id=entry_pb2.EntryId(epoch=before.epoch, sequence=before.sequence) if before else None,
        traceparent=entry.traceparent,
    )


def to_answer(answer: uplink_service_pb2.StreamEntriesResponse) -> UplinkAnswer:
    """Read an answer of the core; raises Permanent(FIELD_INVALID) for one that this version does not know."""
    which = answer.WhichOneof("message")
    if which == "opened":
        opened = answer.opened
        return Opened(
            watermark=opened.watermark,
            chain=opened.chain,
            credit=_credit(opened.credit),
            session_id=opened.session_id,
        )
    if which == "settled":
        settled = answer.settled
        verdicts = tuple(_verdict(verdict) for verdict in settled.verdicts)
        return Settled(through=settled.through, verdicts=verdicts, credit=_credit(settled.credit))
    if which == "fork":
        return Forked(sequence=answer.fork.sequence, sentence=answer.fork.sentence)
    sentence = "The core sent an answer that this agent does not know; update the agent."
    raise Permanent(Reason.FIELD_INVALID, sentence)


def _credit(credit: uplink_service_pb2.Credit) -> Credit:
    return Credit(entries=credit.entries, bytes=credit.bytes)


def _verdict(verdict: uplink_service_pb2.Verdict) -> Verdict:
    outcome = _OUTCOMES.get(verdict.outcome)
    if outcome is None:
        sentence = f"The core gave entry {verdict.sequence} outcome {verdict.outcome}, which this agent does not know; update the agent."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="settled.verdicts.outcome")
    return Verdict(
        sequence=verdict.sequence,
        outcome=outcome,
        reason=verdict.reason,
        sentence=verdict.sentence,
        record_id=verdict.record_id,
        order_ids=tuple(verdict.order_ids),
    )
