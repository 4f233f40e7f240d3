"""A draft in, its receipt out: tells repeats from news, keeps the disk budget, and writes what is new at the head of the journal.

Pure SQL over one connection, run by the group commit; nothing here is durable before its transaction is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from adapters.canonical.chain import from_microseconds
from adapters.canonical.entry import EntryId
from adapters.canonical.key import BusinessKey
from adapters.canonical.quantity import from_micro, to_micro
from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from edge_agent.database import Connection
from edge_agent.journal import epochs, rows
from edge_agent.ports import Accepted, Draft, MovedEntry, OwnMovement

_FIRST = (
    "SELECT entry.id, epoch.id, entry.sequence, entry.receipt_id, entry.received_us, entry.fingerprint "
    "FROM entry JOIN epoch ON epoch.number = entry.epoch "
)


@dataclass(frozen=True, slots=True)
class Appended:
    """What a draft became. `moved` is None for a repeat."""

    accepted: Accepted
    moved: MovedEntry | None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many bytes the journal may keep. `make_room(connection, bytes)` deletes what retention allows and returns what is kept then."""

    limit: int
    make_room: Callable[[Connection, int], int]


def append(connection: Connection, draft: Draft, budget: Budget) -> Appended:
    """Journal a draft, or return the first answer to a repeat.

    Raises Permanent(CONFLICTING_DUPLICATE | IDEMPOTENCY_KEY_REUSED), Transient(DISK_BUDGET_EXHAUSTED).
    """
    if (first := _same_request(connection, draft)) is not None:
        return first
    revisions = _revisions(connection, draft.content.key)
    if (first := _same_fact(connection, draft, revisions)) is not None:
        return first
    epoch, kept = epochs.present_and_kept(connection)
    _keep_budget(connection, budget, kept, rows.size(draft.content.raw))
    movements = _net(connection, draft, revisions)
    entry, sequence, _ = epochs.write_next(connection, draft.content, draft.traceparent, epoch)
    _remember_request(connection, draft, entry)
    write_movements(connection, entry, (epoch.number, sequence), movements)
    place = EntryId(epoch=epoch.id, sequence=sequence)
    accepted = Accepted(
        receipt_id=draft.content.receipt_id, entry=place, first=True, received_at=draft.content.received_at
    )
    return Appended(accepted, MovedEntry(epoch_order=epoch.number, id=place, former=(), movements=movements))


def write_movements(
    connection: Connection, entry: int, place: tuple[int, int], movements: tuple[OwnMovement, ...]
) -> None:
    """Write an entry's own movements; several of one SKU add up."""
    connection.executemany(
        "INSERT INTO own_movement (sku, epoch, sequence, rights_only, quantity, entry) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (sku, epoch, sequence, rights_only) DO UPDATE SET quantity = quantity + excluded.quantity",
        [(move.sku, *place, move.rights_only, to_micro(move.quantity), entry) for move in movements],
    )


def movements_of(connection: Connection, name: tuple[str, str, str]) -> tuple[OwnMovement, ...]:
    """Return what all revisions of a fact (kind, source, reference) have moved together."""
    kind, source, reference = name
    found = connection.execute(
        "SELECT sku, rights_only, sum(quantity) FROM own_movement WHERE entry IN "
        "(SELECT id FROM entry WHERE key_reference = ? AND key_source = ? AND key_kind = ?) GROUP BY sku, rights_only ORDER BY sku, rights_only",
        (reference, source, kind),
    )
    return tuple(
        OwnMovement(sku=sku, quantity=from_micro(total), rights_only=bool(rights)) for sku, rights, total in found
    )


def _same_request(connection: Connection, draft: Draft) -> Appended | None:
    if draft.repeat_key is None:
        return None
    till, name, digest = draft.repeat_key
    known = connection.execute(
        "SELECT digest, entry FROM repeat_key WHERE till = ? AND name = ?", (till, name)
    ).fetchone()
    if known is None:
        return None
    if known[0] != digest:
        sentence = f"The Idempotency-Key {name!r} already stands for another request of this till: send this one with a new key."
        raise Permanent(Reason.IDEMPOTENCY_KEY_REUSED, sentence)
    return _answer(connection.execute(_FIRST + "WHERE entry.id = ?", (known[1],)).fetchone())


def _revisions(connection: Connection, key: BusinessKey | None) -> list[tuple[int, int, int]]:
    """Return (revision, fingerprint version, entry id) of everything journalled under a fact's name."""
    if key is None:
        return []
    return connection.execute(
        "SELECT key_revision, fingerprint_version, id FROM entry WHERE key_reference = ? AND key_source = ? AND key_kind = ?",
        (key.reference, key.source, key.kind),
    ).fetchall()


def _same_fact(connection: Connection, draft: Draft, revisions: list[tuple[int, int, int]]) -> Appended | None:
    """Find the same revision under the same version of the fingerprint; two versions are never compared, the core decides then."""
    key = draft.content.key
    same = [
        entry
        for revision, version, entry in revisions
        if key and (revision, version) == (key.revision, key.fingerprint_version)
    ]
    if key is None or not same:
        return None
    row = connection.execute(_FIRST + "WHERE entry.id = ?", (same[0],)).fetchone()
    if row[5] != key.fingerprint:
        sentence = (
            f"{key.kind} {key.reference} of {key.source} was accepted with other contents (receipt {row[3]}): "
            "send a correction with a higher revision, or a new number."
        )
        raise Permanent(Reason.CONFLICTING_DUPLICATE, sentence)
    _remember_request(connection, draft, row[0])
    return _answer(row)


def _answer(row: tuple[int, bytes, int, str, int, bytes]) -> Appended:
    _, epoch, sequence, receipt, received_us, _ = row
    place = EntryId(epoch=epoch, sequence=sequence)
    return Appended(
        Accepted(receipt_id=receipt, entry=place, first=False, received_at=from_microseconds(received_us)), None
    )


def _remember_request(connection: Connection, draft: Draft, entry: int) -> None:
    if draft.repeat_key is not None:
        connection.execute(
            "INSERT INTO repeat_key (till, name, digest, entry) VALUES (?, ?, ?, ?)", (*draft.repeat_key, entry)
        )


def _keep_budget(connection: Connection, budget: Budget, kept: int, size: int) -> None:
    if kept + size <= budget.limit:
        return
    kept = budget.make_room(connection, kept + size - budget.limit)
    if kept + size > budget.limit:
        sentence = (
            f"Not accepted: the journal keeps {kept} bytes that the core has not answered for or may ask again, of {budget.limit} allowed. "
            "Restore the connection to the core, or raise the journal's disk budget; then send again."
        )
        raise Transient(Reason.DISK_BUDGET_EXHAUSTED, sentence, retry_after=30.0)


def _net(connection: Connection, draft: Draft, revisions: list[tuple[int, int, int]]) -> tuple[OwnMovement, ...]:
    """Return what the draft moves beyond what other revisions of the same fact have moved: an older one moves nothing."""
    key = draft.content.key
    if key is None or not revisions:
        return draft.movements
    if max(revision for revision, _, _ in revisions) > key.revision:
        return ()
    net: dict[tuple[str, bool], Decimal] = {}
    for move in draft.movements:
        net[move.sku, move.rights_only] = net.get((move.sku, move.rights_only), Decimal(0)) + move.quantity
    for move in movements_of(connection, key.name):
        net[move.sku, move.rights_only] = net.get((move.sku, move.rights_only), Decimal(0)) - move.quantity
    return tuple(
        OwnMovement(sku=sku, quantity=moved, rights_only=rights) for (sku, rights), moved in net.items() if moved
    )
