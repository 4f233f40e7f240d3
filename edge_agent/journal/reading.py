"""What the uplink asks: a place in the journal in, entries in order or the journal's head out; every entry is checked as it is read."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.canonical.chain import from_microseconds
from adapters.canonical.entry import Entry
from edge_agent.database import Connection
from edge_agent.journal import epochs, fork, rows
from edge_agent.journal.epochs import Epoch
from edge_agent.ports import JournalHead, Run

_RETIRED = "Settled long ago and deleted after its retention."


@dataclass(frozen=True, slots=True)
class Damage:
    """A place of the journal that does not read as it was written, and what is wrong there."""

    epoch: int
    sequence: int
    sentence: str


def head(connection: Connection) -> JournalHead:
    """Return where the journal stands."""
    epoch = epochs.present(connection)
    place = (epoch.number, epoch.settled_sequence)
    oldest = connection.execute(
        "SELECT received_us FROM entry WHERE epoch = ? AND sequence > ? ORDER BY sequence LIMIT 1", place
    ).fetchone()
    lost = connection.execute(
        "SELECT coalesce(sum(last_sequence - first_sequence + 1), 0) FROM gap WHERE epoch = ? AND first_sequence > ?",
        place,
    ).fetchone()[0]
    return JournalHead(
        epoch=epoch.id,
        next_sequence=epoch.last_sequence + 1,
        settled_sequence=epoch.settled_sequence,
        settled_chain=epoch.settled_chain,
        forked_from=epoch.forked_from,
        retired_sequence=epoch.edge_sequence,
        bytes_used=epochs.kept_bytes(connection),
        oldest_unsettled_at=from_microseconds(oldest[0]) if oldest else None,
        entries_unsettled=epoch.last_sequence - epoch.settled_sequence - lost,
    )


def read(connection: Connection, after: int, max_entries: int, max_bytes: int) -> Run | Damage:
    """Return entries of the present epoch after a sequence, up to the first hole; or the damage that is to be healed first."""
    epoch = epochs.present(connection)
    if after >= epoch.last_sequence:
        return Run(entries=())
    found = connection.execute(
        f"SELECT {rows.STORED_COLUMNS} FROM entry WHERE epoch = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        (epoch.number, after, max(1, max_entries)),
    )
    taken: list[Entry] = []
    gap = Run(entries=())
    previous, sequence, size = epochs.chain_at(connection, epoch, after), after, 0
    for row in found:
        item = rows.stored(row)
        size += len(item.content.raw)
        if taken and (size > max_bytes or item.sequence != sequence + 1):
            break
        if item.sequence != sequence + 1:
            declared = _gap(connection, epoch, sequence + 1, item.sequence - 1)
            if isinstance(declared, Damage):
                return declared
            gap, previous = declared, declared.gap_chain
        if wrong := item.damage(previous or b""):
            return Damage(epoch.number, item.sequence, wrong)
        taken.append(item.entry(epoch.id, fork.previous_id(connection, item.id)))
        previous, sequence = item.chain, item.sequence
    if not taken:
        return _gap(connection, epoch, after + 1, epoch.last_sequence)
    return Run(
        entries=tuple(taken),
        gap_first=gap.gap_first,
        gap_last=gap.gap_last,
        gap_chain=gap.gap_chain,
        gap_sentence=gap.gap_sentence,
    )


def _gap(connection: Connection, epoch: Epoch, first: int, last: int) -> Run | Damage:
    """Return the declared hole from `first` to `last`, or the first sequence of it that is missing undeclared."""
    expected, sentences = first, []
    if epoch.edge_sequence >= first:
        expected = epoch.edge_sequence + 1
        sentences.append(_RETIRED)
    holes = connection.execute(
        "SELECT first_sequence, last_sequence, sentence FROM gap WHERE epoch = ? AND last_sequence BETWEEN ? AND ? ORDER BY last_sequence",
        (epoch.number, expected, last),
    )
    for begins, ends, sentence in holes:
        if begins > expected:
            break
        expected = ends + 1
        sentences.append(sentence)
    chain = epochs.chain_at(connection, epoch, last)
    if expected <= last or chain is None:
        return Damage(epoch.number, expected, "the entry is missing")
    text = " ".join(dict.fromkeys(sentences))
    return Run(entries=(), gap_first=first, gap_last=last, gap_chain=chain, gap_sentence=text)
