"""The core's commits in, settled entries out: verdicts are kept with their entries; a restored core takes settlements back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from adapters.canonical.chain import from_microseconds
from adapters.canonical.entry import EntryId, Outcome, Verdict
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from edge_agent.database import Connection
from edge_agent.journal import epochs
from edge_agent.ports import ReceiptState


def settle(
    connection: Connection, through: int, verdicts: Sequence[Verdict], now: datetime, epoch_id: bytes = b""
) -> bool:
    """Record that the core has committed everything through a sequence of the present epoch; again, or for another epoch, has no effect.

    Return whether own movements were withdrawn: those of entries that the core found to be repeats or without effect.
    """
    epoch = epochs.present(connection)
    if epoch_id and epoch_id != epoch.id:
        return False
    chain = epochs.chain_at(connection, epoch, through)
    if through > epoch.last_sequence or chain is None:
        sentence = f"The core settled through {through}, which this journal's present epoch does not have (it ends at {epoch.last_sequence})."
        raise Permanent(Reason.SEQUENCE_UNEXPECTED, sentence)
    settled_ms = to_millis(now)
    connection.executemany(
        "INSERT INTO verdict (entry, settled_ms, outcome, reason, sentence, record_id, order_ids) "
        "SELECT id, ?, ?, ?, ?, ?, ? FROM entry WHERE epoch = ? AND sequence = ? "
        "ON CONFLICT (entry) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, sentence = excluded.sentence, "
        "record_id = excluded.record_id, order_ids = excluded.order_ids",
        [
            (
                settled_ms,
                v.outcome.value,
                v.reason,
                v.sentence,
                v.record_id,
                json.dumps(v.order_ids),
                epoch.number,
                v.sequence,
            )
            for v in verdicts
            if v.sequence <= max(through, epoch.settled_sequence)
        ],
    )
    withdrawn = _withdraw_movements(connection, epoch.number, verdicts)
    if through <= epoch.settled_sequence:
        return withdrawn
    connection.execute(
        "INSERT OR IGNORE INTO verdict (entry, settled_ms, outcome, reason, sentence, record_id, order_ids) "
        "SELECT id, ?, NULL, '', '', '', '[]' FROM entry WHERE epoch = ? AND sequence > ? AND sequence <= ?",
        (settled_ms, epoch.number, epoch.settled_sequence, through),
    )
    connection.execute(
        "UPDATE epoch SET settled_sequence = ?, settled_chain = ? WHERE number = ?", (through, chain, epoch.number)
    )
    return withdrawn


def _withdraw_movements(connection: Connection, epoch: int, verdicts: Sequence[Verdict]) -> bool:
    """Drop the own movements of entries without effect: the core sends no new level for them, so that they would count for ever."""
    idle = [v.sequence for v in verdicts if v.outcome in (Outcome.REPEAT, Outcome.NO_EFFECT)]
    gone = 0
    for sequence in idle:
        gone += connection.execute(
            "DELETE FROM own_movement WHERE entry IN (SELECT id FROM entry WHERE epoch = ? AND sequence = ?)",
            (epoch, sequence),
        ).rowcount
    return gone > 0


def rewind(connection: Connection, watermark: int) -> None:
    """Take back the settlements after a watermark of the present epoch.

    What retention deleted since cannot be taken back: `read` declares it as a gap, and settling stands at its edge.
    """
    epoch = epochs.present(connection)
    if watermark >= epoch.settled_sequence:
        return
    chain = epochs.chain_at(connection, epoch, watermark)
    if chain is None and watermark < epoch.edge_sequence:
        watermark, chain = epoch.edge_sequence, epoch.edge_chain
    if chain is None:
        sentence = (
            f"The core asks for entries after {watermark}, whose chain hash this journal no longer has: it must fork."
        )
        raise Permanent(Reason.SEQUENCE_UNEXPECTED, sentence)
    connection.execute(
        "DELETE FROM verdict WHERE entry IN (SELECT id FROM entry WHERE epoch = ? AND sequence > ?)",
        (epoch.number, watermark),
    )
    connection.execute(
        "UPDATE epoch SET settled_sequence = ?, settled_chain = ? WHERE number = ?", (watermark, chain, epoch.number)
    )


def receipt(connection: Connection, receipt_id: str) -> ReceiptState | None:
    """Return what became of a receipt, as far as the journal still has it."""
    row = connection.execute(
        "SELECT entry.till, epoch.id, entry.sequence, entry.received_us, verdict.outcome, verdict.reason, verdict.sentence, "
        "verdict.record_id, verdict.order_ids FROM entry JOIN epoch ON epoch.number = entry.epoch "
        "LEFT JOIN verdict ON verdict.entry = entry.id WHERE entry.receipt_id = ? AND entry.receipt_id <> '' ORDER BY entry.id DESC LIMIT 1",
        (receipt_id,),
    ).fetchone()
    if row is None:
        return None
    till, epoch, sequence, received_us, outcome, reason, sentence, record_id, order_ids = row
    verdict = None
    if outcome is not None:
        verdict = Verdict(
            sequence=sequence,
            outcome=Outcome(outcome),
            reason=reason,
            sentence=sentence,
            record_id=record_id,
            order_ids=tuple(json.loads(order_ids)),
        )
    place = EntryId(epoch=epoch, sequence=sequence)
    return ReceiptState(
        receipt_id=receipt_id, till=till, entry=place, received_at=from_microseconds(received_us), verdict=verdict
    )
