"""An old stream that commits after a newer one was opened is refused: by the real core, over mTLS (faults row 2)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.canonical.chain import genesis, link
from adapters.canonical.entry import Entry, EntryContent, EntryId, EntryKind
from adapters.canonical.uplink import Opened, OpenStream, SendBatch, Settled
from adapters.errors import TillstreamError
from adapters.seams.transport import UplinkCall
from demo.catalogue import TENANT
from demo.chain import Chain
from edge_agent.identity.keystore import Keystore
from edge_agent.identity.wire import connector
from edge_agent.uplink.wire import GrpcUplinkTransport
from tests.end_to_end.story import levels


def entries(epoch: bytes, after: int, chain: bytes, raws: list[bytes]) -> tuple[Entry, ...]:
    """Return linked till entries after a position."""
    made = []
    for sequence, raw in enumerate(raws, start=after + 1):
        content = EntryContent(
            kind=EntryKind.TILL_DOCUMENT,
            transport="rest",
            dialect="plain",
            dialect_version="1",
            till="till-1",
            raw=raw,
            received_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
            receipt_id=f"rcp_{secrets.token_hex(8)}",
        )
        chain = link(chain, sequence, content)
        made.append(Entry(id=EntryId(epoch=epoch, sequence=sequence), content=content, chain=chain))
    return tuple(made)


def sale(number: str) -> bytes:
    """Return a sale of one blue mug."""
    return (
        f'{{"type":"sale","receipt_number":"{number}","sold_at":"2026-01-05T10:00:00Z","currency":"GBP",'
        '"lines":[{"item":"MUG-BLUE","quantity":"1","unit_price":"8.50","total":"8.50"}],"total":"8.50"}'
    ).encode()


async def opened(transport: GrpcUplinkTransport, message: OpenStream) -> tuple[UplinkCall, Opened]:
    """Open a stream and return it with the core's answer."""
    call = await transport.open()
    await call.send(message)
    answer = await call.receive()
    assert isinstance(answer, Opened)
    return call, answer


async def sent(call: UplinkCall, batch: SendBatch) -> None:
    """Send a batch and hear the stream out; raises what the core ended it with."""
    await call.send(batch)
    while await call.receive() is not None:
        pass


async def test_fault_002_an_old_stream_that_commits_after_a_new_one_was_opened_is_refused(stopped_chain: Chain) -> None:
    """Two streams of one certificate; the first one sends after the second has opened and committed."""
    chain = stopped_chain
    await chain.start_core()
    await chain.enrol()
    identity = Keystore(chain.folder / "agent").load()
    assert identity is not None
    transport = GrpcUplinkTransport(connector(lambda: identity))
    epoch = secrets.token_bytes(16)
    start = OpenStream(epoch=epoch, next_sequence=3, settled_sequence=0, settled_chain=genesis(epoch))

    old, _ = await opened(transport, start)
    new, answer = await opened(transport, start)
    assert answer.watermark == 0
    ours = entries(epoch, 0, genesis(epoch), [sale("new-1"), sale("new-2")])
    await new.send(SendBatch(entries=ours))
    settled = await new.receive()
    assert isinstance(settled, Settled)
    assert settled.through == 2

    late = entries(epoch, 0, genesis(epoch), [sale("old-1"), sale("old-2"), sale("old-3")])
    with pytest.raises(TillstreamError) as refused:
        await sent(old, SendBatch(entries=late))
    assert refused.value.reason in {"SESSION_SUPERSEDED", "CORE_UNREACHABLE"}
    await old.close()
    await new.close()
    assert (await levels(chain, chain.store))["MUG-BLUE"]["on_hand"] == "498"
    _, again = await opened(transport, replace(start, settled_sequence=0))
    assert again.watermark == 2
    report = await chain.core_service("verify-ledger", "--tenant", TENANT)
    assert report["discrepancies"] == []
