"""Whether a batch goes on where the core stands: position, entries and a declared gap in, the position reached out; pure.

Raises Permanent(SEQUENCE_UNEXPECTED) for a hole or an overlap, Permanent(CHAIN_BROKEN) for an altered, missing or foreign entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.canonical.chain import link
from adapters.canonical.entry import Entry
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.ports.ingest import StreamPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredGap:
    """Entries that the agent's journal lost: `chain` is the hash at `last`, 32 bytes; `sentence` says why."""

    first: int
    last: int
    chain: bytes
    sentence: str


def reached(
    epoch: bytes, expected: StreamPosition, entries: Sequence[Entry], gap: DeclaredGap | None
) -> StreamPosition:
    """Return the position after the gap and the entries, each of which must link to the one before."""
    position = _over(gap, expected) if gap else expected
    sequence, chain = position.watermark, position.chain
    for entry in entries:
        if entry.id.epoch != epoch or entry.id.sequence != sequence + 1:
            raise _unexpected(sequence + 1, entry.id.sequence)
        sequence = entry.id.sequence
        if link(chain, sequence, entry.content) != entry.chain:
            sentence = (
                f"Entry {sequence} does not continue the chain that the core holds through {sequence - 1}: the journal was cloned, "
                "restored or altered. The agent opens a new epoch by itself; find out which disk was copied."
            )
            raise Permanent(Reason.CHAIN_BROKEN, sentence)
        chain = entry.chain
    return StreamPosition(watermark=sequence, chain=chain)


def _over(gap: DeclaredGap, expected: StreamPosition) -> StreamPosition:
    if gap.first != expected.watermark + 1 or gap.last < gap.first:
        raise _unexpected(expected.watermark + 1, gap.first)
    return StreamPosition(watermark=gap.last, chain=gap.chain)


def _unexpected(wanted: int, came: int) -> Permanent:
    sentence = (
        f"The core waits for entry {wanted} and was sent {came}; open the stream anew and send from the watermark."
    )
    return Permanent(Reason.SEQUENCE_UNEXPECTED, sentence)
