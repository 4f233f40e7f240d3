"""Damage is found, kept, told and survived; retention keeps the chain's edge; a full budget refuses new sales only."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.canonical.chain import link
from adapters.canonical.entry import EntryKind, Outcome, Verdict
from adapters.errors import Transient
from adapters.reasons import Reason
from edge_agent.database import Connection
from edge_agent.executor import Executor, InlineExecutor
from edge_agent.journal.retention import Retention
from edge_agent.journal.store import JournalOptions, SqliteJournal
from tests.contracts.drafts import sale
from tests.edge_agent.journal.conftest import Desk

PLENTY = 10**9


async def fill(journal: SqliteJournal, count: int, settled: int = 0) -> None:
    for number in range(1, count + 1):
        await journal.append(sale(number))
    await journal.settle(settled, [Verdict(sequence=n, outcome=Outcome.BOOKED) for n in range(1, settled + 1)])


async def damage(desk: Desk, statement: str, *values: object) -> None:
    def work(connection: Connection) -> None:
        assert connection.execute(statement, values).rowcount == 1

    await desk.database.write(work)


FLIP_RAW = "UPDATE entry SET raw = CAST(x'00' || substr(raw, 2) AS BLOB) WHERE sequence = ?"
FLIPS = {
    "raw": FLIP_RAW,
    "raw that is no bytes": "UPDATE entry SET raw = 'x' WHERE sequence = ?",
    "till": "UPDATE entry SET till = 'tx' WHERE sequence = ?",
    "text that is no UTF-8": "UPDATE entry SET till = CAST(x'ff31' AS TEXT) WHERE sequence = ?",
    "unknown kind": "UPDATE entry SET kind = 'tilt' WHERE sequence = ?",
    "received": "UPDATE entry SET received_us = 'x' WHERE sequence = ?",
}


class TestDamage:
    """Faults, row 16."""

    async def test_an_intact_journal_verifies(self, desk: Desk) -> None:
        await fill(desk.journal, 5, settled=2)
        await desk.journal.fork("for the test")
        seen: list[int] = []
        assert await desk.journal.verify(seen.append) == ()
        assert seen[-1] == 5

    @pytest.mark.parametrize("flip", FLIPS.values(), ids=FLIPS.keys())
    async def test_fault_016_a_damaged_entry_is_found_and_named(self, desk: Desk, flip: str) -> None:
        await fill(desk.journal, 5)
        await damage(desk, flip, 3)
        assert [(one.epoch, one.sequence) for one in await desk.journal.verify()] == [(1, 3)]

    @pytest.mark.parametrize("flip", FLIPS.values(), ids=FLIPS.keys())
    async def test_fault_016_the_uplink_reads_around_it_with_a_declared_gap(self, desk: Desk, flip: str) -> None:
        """The chain goes on from the gap's hash, and what is left of the message follows as a rejected entry with its receipt."""
        await fill(desk.journal, 5)
        lost = await desk.journal.chain_at(3)
        await damage(desk, flip, 3)
        assert [entry.id.sequence for entry in (await desk.journal.read(0, 10, PLENTY)).entries] == [1, 2]
        run = await desk.journal.read(2, 10, PLENTY)
        assert (run.gap_first, run.gap_last, run.gap_chain) == (3, 3, lost)
        assert "damaged" in run.gap_sentence
        chain = run.gap_chain
        for sequence, entry in enumerate(run.entries, start=4):
            chain = link(chain, sequence, entry.content)
            assert (entry.id.sequence, entry.chain) == (sequence, chain)
        rejected = run.entries[-1].content
        assert (rejected.kind, rejected.reason, rejected.receipt_id) == (
            EntryKind.REJECTED,
            "JOURNAL_DAMAGED",
            "rcp_3_0_a",
        )
        assert await desk.journal.verify() == ()
        await desk.restart()
        assert await desk.journal.verify() == ()
        assert desk.telemetry.total("journal_damaged_entries") == 1

    async def test_fault_016_the_last_entry_damaged_is_told_by_the_one_that_replaces_it(self, desk: Desk) -> None:
        await fill(desk.journal, 2)
        await damage(desk, FLIP_RAW, 2)
        await desk.journal.read(0, 10, PLENTY)
        run = await desk.journal.read(1, 10, PLENTY)
        assert (run.gap_first, run.gap_last, [entry.id.sequence for entry in run.entries]) == (2, 2, [3])

    async def test_fault_016_a_chain_that_cannot_be_bridged_forks(self, desk: Desk) -> None:
        await fill(desk.journal, 4, settled=1)
        old = await desk.journal.head()
        await damage(desk, "UPDATE entry SET chain = zeroblob(32) WHERE sequence = ?", 3)
        while (run := await desk.journal.read(1, 10, PLENTY)).entries and (
            await desk.journal.head()
        ).epoch == old.epoch:
            assert run.entries[-1].id.sequence == 2
            await desk.journal.read(2, 10, PLENTY)
        head = await desk.journal.head()
        assert head.forked_from == old.epoch
        receipts = {entry.content.receipt_id for entry in (await desk.journal.read(0, 10, PLENTY)).entries}
        assert receipts == {"rcp_2_0_a", "rcp_3_0_a", "rcp_4_0_a"}
        assert await desk.journal.verify() == ()

    async def test_fault_016_a_missing_row_forks_instead_of_hiding(self, desk: Desk) -> None:
        await fill(desk.journal, 4)
        await damage(desk, "DELETE FROM entry WHERE sequence = ?", 2)
        assert await desk.journal.heal(await desk.journal.verify())
        assert [entry.content.receipt_id for entry in (await desk.journal.read(0, 10, PLENTY)).entries] == [
            "rcp_1_0_a",
            "rcp_3_0_a",
            "rcp_4_0_a",
        ]

    async def test_fault_016_settled_damage_is_put_aside_without_disturbing_the_rest(self, desk: Desk) -> None:
        await fill(desk.journal, 4, settled=3)
        await damage(desk, FLIP_RAW, 2)
        assert not await desk.journal.heal(await desk.journal.verify())
        head = await desk.journal.head()
        assert (head.entries_unsettled, head.next_sequence) == (1, 5)
        await desk.journal.rewind(1)
        run = await desk.journal.read(1, 10, PLENTY)
        assert (run.gap_first, run.gap_last, [entry.id.sequence for entry in run.entries]) == (2, 2, [3, 4])


class TestRetention:
    """Only what the core has answered for goes, and only when it is old."""

    @pytest.fixture
    async def desk(self, tmp_path: Path, executor: Executor) -> Desk:
        rule = Retention(keep_for=timedelta(days=14), keep_under_pressure=timedelta(days=2), always=1)
        desk = Desk(tmp_path, executor, JournalOptions(retention=rule))
        await desk.open()
        return desk

    async def test_old_settled_entries_go_and_the_edge_is_kept(self, desk: Desk) -> None:
        await fill(desk.journal, 6, settled=4)
        edge = await desk.journal.chain_at(3)
        desk.clock.advance(timedelta(days=15).total_seconds())
        assert await desk.journal.retire() == 3
        assert await desk.journal.retire() == 0
        assert await desk.journal.chain_at(3) == edge
        assert await desk.journal.verify() == ()
        assert [entry.id.sequence for entry in (await desk.journal.read(4, 10, PLENTY)).entries] == [5, 6]
        await desk.journal.rewind(0)
        run = await desk.journal.read(0, 10, PLENTY)
        assert (run.gap_first, run.gap_last, run.gap_chain) == (1, 3, edge)
        assert [entry.id.sequence for entry in run.entries] == [4, 5, 6]
        await desk.database.close()

    async def test_a_core_restored_to_before_the_edge_gets_what_is_kept(self, desk: Desk) -> None:
        """Its watermark's chain hash is no longer known; the hole is declared and settling stands at the edge."""
        await fill(desk.journal, 6, settled=5)
        desk.clock.advance(timedelta(days=15).total_seconds())
        assert await desk.journal.retire() == 4
        assert await desk.journal.chain_at(2) is None
        await desk.journal.rewind(2)
        head = await desk.journal.head()
        assert (head.retired_sequence, head.settled_sequence, head.settled_chain) == (
            4,
            4,
            await desk.journal.chain_at(4),
        )
        run = await desk.journal.read(2, 10, PLENTY)
        assert (run.gap_first, run.gap_last, [entry.id.sequence for entry in run.entries]) == (3, 4, [5, 6])
        await desk.database.close()

    async def test_unsettled_entries_never_go(self, desk: Desk) -> None:
        await fill(desk.journal, 6)
        desk.clock.advance(timedelta(days=4000).total_seconds())
        assert await desk.journal.retire() == 0
        assert len((await desk.journal.read(0, 10, PLENTY)).entries) == 6
        await desk.database.close()


class TestBudget:
    """The disk budget refuses new sales, after retention was tried, and nothing else."""

    @staticmethod
    def options(entries: int) -> JournalOptions:
        rule = Retention(keep_for=timedelta(days=14), keep_under_pressure=timedelta(days=2), always=1)
        return JournalOptions(disk_budget=entries * 1100, retention=rule)

    async def test_a_used_up_budget_refuses_and_loses_nothing(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, InlineExecutor(), self.options(5))
        journal = await desk.open()
        await fill(journal, 5)
        with pytest.raises(Transient) as refused:
            await journal.append(sale(6))
        assert refused.value.reason is Reason.DISK_BUDGET_EXHAUSTED
        assert not (await journal.append(sale(5))).first
        assert (await journal.head()).entries_unsettled == 5
        await desk.database.close()

    async def test_settled_entries_make_room_once_they_may_go(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, InlineExecutor(), self.options(5))
        journal = await desk.open()
        await fill(journal, 5, settled=4)
        with pytest.raises(Transient):
            await journal.append(sale(6))
        desk.clock.advance(timedelta(days=3).total_seconds())
        assert (await journal.append(sale(6))).entry.sequence == 6
        assert (await journal.head()).bytes_used <= 5 * 1100
        await desk.database.close()


async def test_a_core_restored_to_before_the_epoch_gets_older_epochs_again(desk: Desk) -> None:
    """Settled in an older epoch, lost by the core: what is still kept is journalled again."""
    journal = desk.journal
    await fill(journal, 3, settled=3)
    await journal.fork("for the test")
    await journal.append(sale(4))
    await journal.settle(1, [Verdict(sequence=1, outcome=Outcome.BOOKED)])
    await journal.rewind(0)
    entries = (await journal.read(0, 10, PLENTY)).entries
    assert [entry.content.receipt_id for entry in entries] == ["rcp_4_0_a", "rcp_1_0_a", "rcp_2_0_a", "rcp_3_0_a"]
    assert await journal.verify() == ()


async def test_a_higher_revision_moves_only_the_difference(desk: Desk) -> None:
    """Own movements of all revisions together are those of the newest; an older revision moves nothing."""
    journal = desk.journal
    await journal.append(sale(1, revision=2, quantity=-3))
    await journal.append(sale(1, revision=3, quantity=-5, contents="b"))
    await journal.append(sale(1, revision=1, quantity=-9, contents="c"))
    moved = await journal.movements_of("sale", "berlin/t1", "R1")
    assert [(move.sku, move.quantity) for move in moved] == [("A", Decimal(-5))]


async def test_what_the_core_found_to_be_a_repeat_no_longer_counts(desk: Desk) -> None:
    await fill(desk.journal, 2)
    await desk.journal.settle(
        2, [Verdict(sequence=1, outcome=Outcome.BOOKED), Verdict(sequence=2, outcome=Outcome.REPEAT)]
    )
    assert await desk.journal.movements_of("sale", "berlin/t1", "R1") != ()
    assert await desk.journal.movements_of("sale", "berlin/t1", "R2") == ()
