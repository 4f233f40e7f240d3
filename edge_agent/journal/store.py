"""`SqliteJournal`: the agent's journal on `agent.db`; drafts in, receipts out after the fsync, entries for the uplink in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from adapters.canonical.entry import Verdict
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import NoTelemetry, Telemetry
from edge_agent.database import Connection, Database
from edge_agent.journal import adoption, append, epochs, fork, maintenance, reading, settlement
from edge_agent.journal.adoption import Adopted, Foreign
from edge_agent.journal.append import Appended, Budget
from edge_agent.journal.reading import Damage
from edge_agent.journal.retention import Retention
from edge_agent.ports import Accepted, Draft, JournalHead, MovedEntry, MovementListener, OwnMovement, ReceiptState, Run

_ADOPTED_AT_ONCE = 200


class _Nobody:
    def appended(self, moved: MovedEntry) -> None:
        return

    def rearranged(self) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOptions:
    """Bounds and what a process injects. `listener` hears what happens to the store's own stock."""

    disk_budget: int = 4 * 1024**3
    retention: Retention = field(default_factory=Retention)
    telemetry: Telemetry = field(default_factory=NoTelemetry)
    listener: MovementListener = field(default_factory=_Nobody)


class SqliteJournal:
    """Implements `edge_agent.ports.Journal`. Make it with `open` on a database that has JOURNAL_SCHEMA."""

    def __init__(self, database: Database, clock: Clock, randomness: Randomness, options: JournalOptions) -> None:
        self._database = database
        self._clock = clock
        self._randomness = randomness
        self._options = options
        self._budget = Budget(options.disk_budget, self._make_room)
        self._last_sequence = 0
        self._news = asyncio.Event()

    @classmethod
    async def open(
        cls, database: Database, clock: Clock, randomness: Randomness, options: JournalOptions | None = None
    ) -> SqliteJournal:
        """Begin the journal's first epoch when it is new, and find its head."""
        journal = cls(database, clock, randomness, options or JournalOptions())
        if not await database.read(epochs.exists):
            epoch, now = randomness.token(16), clock.now()
            await database.write(lambda connection: epochs.begin(connection, epoch, b"", "", now), housekeeping=True)
        await journal._look_again()
        database.on_reopened(journal._look_again)
        return journal

    async def append(self, draft: Draft) -> Accepted:
        """Make a message durable and return its receipt; see `ports.Journal.append` for the errors."""
        appended = await self._database.write(
            lambda connection: append.append(connection, draft, self._budget), committed=self._appended
        )
        return appended.accepted

    async def head(self) -> JournalHead:
        """Return where the journal stands."""
        return await self._database.read(reading.head)

    async def read(self, after: int, max_entries: int, max_bytes: int) -> Run:
        """Return entries of the present epoch after a sequence; a damaged one is put aside first and declared as a gap."""
        healed: set[Damage] = set()
        while True:
            found = await self._database.read(
                lambda connection: reading.read(connection, after, max_entries, max_bytes)
            )
            if isinstance(found, Run):
                return found
            if found in healed:
                sentence = f"The journal cannot go on after {after}: {found.sentence}. Run `edge-agent journal verify`."
                raise Permanent(Reason.JOURNAL_DAMAGED, sentence)
            healed.add(found)
            if await self.heal((found,)):
                return Run(entries=())

    async def chain_at(self, sequence: int) -> bytes | None:
        """Return the chain hash at a sequence of the present epoch, None when it is not known."""
        return await self._database.read(
            lambda connection: epochs.chain_at(connection, epochs.present(connection), sequence)
        )

    async def settle(self, through: int, verdicts: Sequence[Verdict], *, epoch: bytes = b"") -> None:
        """Record the core's commit through a sequence; an answer about a former epoch has no effect."""
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            former = epoch not in {b"", epochs.present(connection).id}
            return False if former else settlement.settle(connection, through, verdicts, now, epoch)

        await self._database.write(
            work,
            committed=lambda withdrawn: self._options.listener.rearranged() if withdrawn else None,
            housekeeping=True,
        )

    async def rewind(self, watermark: int) -> None:
        """Take back settlements after a watermark; a core restored to before this epoch gets what older ones still keep as well."""

        def work(connection: Connection) -> int:
            before = epochs.present(connection)
            settlement.rewind(connection, watermark)
            if watermark == 0 and before.settled_sequence > 0:
                fork.bring_older_forward(connection)
            return epochs.present(connection).last_sequence

        await self._database.write(work, committed=self._rearranged, housekeeping=True)
        self._options.telemetry.count("journal_rewound")

    async def fork(self, sentence: str) -> JournalHead:
        """Open a new epoch and journal the unsettled entries again, in order, with their previous identity."""
        epoch, now = self._randomness.token(16), self._clock.now()

        def work(connection: Connection) -> JournalHead:
            fork.fork(connection, epoch, sentence, now)
            return reading.head(connection)

        head = await self._database.write(
            work, committed=lambda head: self._rearranged(head.next_sequence - 1), housekeeping=True
        )
        self._options.telemetry.count("journal_forked")
        return head

    async def appended(self, after: int) -> None:
        """Return as soon as the present epoch has an entry after a sequence."""
        while self._last_sequence <= after:
            self._news.clear()
            await self._news.wait()

    async def receipt(self, receipt_id: str) -> ReceiptState | None:
        """Return what became of a receipt."""
        return await self._database.read(lambda connection: settlement.receipt(connection, receipt_id))

    async def movements_of(self, kind: str, source: str, reference: str) -> tuple[OwnMovement, ...]:
        """Return what a journalled fact has moved (all its revisions together), so that a void can turn it round."""
        return await self._database.read(lambda connection: append.movements_of(connection, (kind, source, reference)))

    async def retire(self) -> int:
        """Delete settled entries that are past their retention (while the disk is full, past the shorter one); return how many.

        To be called every few minutes.
        """
        now, gone = self._clock.now(), 0
        while True:
            pressure = self._options.disk_budget if self._database.full else 0
            work = partial(maintenance.retire, rule=self._options.retention, now=now, pressure=pressure)
            count = await self._database.write(work, housekeeping=True)
            gone += count
            if count == 0:
                return gone

    async def verify(self, progress: Callable[[int], None] | None = None) -> tuple[Damage, ...]:
        """Check every kept entry's digest and place in the chain; return the damaged places. `progress` hears the entries done."""
        place: tuple[int, int, bytes] | None = None
        damages: list[Damage] = []
        done = 0
        while True:
            step = await self._database.read(partial(maintenance.verify, place=place))
            damages += step.damages
            done += step.entries
            if progress is not None:
                progress(done)
            if step.next_place is None:
                return tuple(damages)
            place = step.next_place

    async def heal(self, damages: Sequence[Damage]) -> bool:
        """Put damaged entries into quarantine and declare the gap; return whether the journal had to fork for it."""
        forked = False
        for damage in damages:
            epoch, now = self._randomness.token(16), self._clock.now()

            def work(connection: Connection, damage: Damage = damage, epoch: bytes = epoch) -> tuple[bool, int]:
                return maintenance.heal(connection, damage, epoch, now), epochs.present(connection).last_sequence  # noqa: B023

            healed = await self._database.write(
                work, committed=lambda result: self._rearranged(result[1]), housekeeping=True
            )
            self._options.telemetry.count("journal_damaged_entries")
            forked = forked or healed[0]
        return forked

    async def adopt(
        self, path: Path, *, everything: bool = False, progress: Callable[[int], None] | None = None
    ) -> Adopted:
        """Journal again what an export holds (unsettled entries; with `everything`, all); again has no effect."""
        result, after = Adopted(), 0
        with adoption.opened(path) as exported:
            while chunk := adoption.foreign_entries(exported, after, _ADOPTED_AT_ONCE, everything=everything):
                after = chunk[-1][0]
                entries = [entry for _, entry in chunk]
                result = result.plus(await self._adopt(entries))
                if progress is not None:
                    progress(result.journalled + result.known)
        return result

    async def _adopt(self, entries: Sequence[Foreign]) -> Adopted:
        def work(connection: Connection) -> tuple[Adopted, int]:
            return adoption.adopt(connection, entries), epochs.present(connection).last_sequence

        adopted, _ = await self._database.write(
            work, committed=lambda done: self._rearranged(done[1]), housekeeping=True
        )
        return adopted

    def _make_room(self, connection: Connection, size: int) -> int:
        maintenance.retire(connection, self._options.retention, self._clock.now(), pressure=size)
        return epochs.kept_bytes(connection)

    def _appended(self, appended: Appended) -> None:
        if appended.moved is None:
            return
        self._at_head(appended.accepted.entry.sequence)
        if appended.moved.movements:
            self._options.listener.appended(appended.moved)

    def _at_head(self, last_sequence: int) -> None:
        self._last_sequence = last_sequence
        self._news.set()

    async def _look_again(self) -> None:
        self._rearranged((await self.head()).next_sequence - 1)

    def _rearranged(self, last_sequence: int) -> None:
        self._at_head(last_sequence)
        self._options.listener.rearranged()
