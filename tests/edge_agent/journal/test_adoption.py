"""A dead box's sales come to the new box once: exported from its disk, imported, whatever the tills have sent there meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adapters.canonical.entry import EntryId, EntryKind, Outcome, Verdict
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import SeededRandomness
from edge_agent.executor import Executor, InlineExecutor
from edge_agent.journal import adoption, listing
from edge_agent.journal.export import export
from edge_agent.journal.store import SqliteJournal
from tests.contracts.drafts import MOMENT, sale
from tests.edge_agent.journal.conftest import Desk

PLENTY = 10**9


async def dead_box(folder: Path) -> Path:
    """Return the journal of a box that died (no clean close: its WAL holds everything) with five sales, two settled."""
    desk = Desk(folder / "running", InlineExecutor())
    journal = await desk.open()
    for number in range(1, 6):
        await journal.append(sale(number, repeat_key=("t1", f"key-{number}", b"d" * 32)))
    await journal.settle(2, [Verdict(sequence=n, outcome=Outcome.BOOKED) for n in (1, 2)])
    disk = folder / "disk"
    shutil.copytree(folder / "running", disk)
    await desk.database.close()
    return disk / "agent.db"


@pytest.fixture
async def exported(tmp_path: Path) -> Path:
    return export(await dead_box(tmp_path), tmp_path / "export.db", MOMENT).path


@pytest.fixture
async def new_box(tmp_path: Path, executor: Executor) -> Desk:
    desk = Desk(tmp_path / "new", executor)
    desk._randomness = SeededRandomness(2)
    await desk.open()
    return desk


async def receipts(journal: SqliteJournal) -> list[str]:
    return [entry.content.receipt_id for entry in (await journal.read(0, 100, PLENTY)).entries]


async def test_unsettled_sales_come_with_receipt_place_and_keys(exported: Path, new_box: Desk) -> None:
    journal = new_box.journal
    with listing.inspected(exported) as connection:
        old = listing.page(connection)
    assert await journal.adopt(exported) == adoption.Adopted(journalled=3)
    run = await journal.read(0, 100, PLENTY)
    assert [entry.content for entry in run.entries] == [sale(number).content for number in (3, 4, 5)]
    assert [entry.previous_id for entry in run.entries] == [
        EntryId(epoch=old[0].place.epoch, sequence=n) for n in (3, 4, 5)
    ]
    assert await journal.movements_of("sale", "berlin/t1", "R3") == sale(3).movements
    assert not (await journal.append(sale(9, repeat_key=("t1", "key-4", b"d" * 32)))).first
    await new_box.database.close()


async def test_importing_again_journals_nothing_twice(exported: Path, new_box: Desk) -> None:
    await new_box.journal.adopt(exported)
    await new_box.journal.fork("for the test")
    assert await new_box.journal.adopt(exported) == adoption.Adopted(known=3)
    assert await receipts(new_box.journal) == ["rcp_3_0_a", "rcp_4_0_a", "rcp_5_0_a"]
    await new_box.database.close()


async def test_a_sale_that_the_till_sent_to_both_boxes_is_there_once(exported: Path, new_box: Desk) -> None:
    await new_box.journal.append(sale(4))
    assert await new_box.journal.adopt(exported) == adoption.Adopted(journalled=2, known=1)
    assert await receipts(new_box.journal) == ["rcp_4_0_a", "rcp_3_0_a", "rcp_5_0_a"]
    await new_box.database.close()


async def test_a_number_with_two_contents_does_not_vanish(exported: Path, new_box: Desk) -> None:
    await new_box.journal.append(sale(4, contents="b"))
    await new_box.journal.adopt(exported)
    entries = (await new_box.journal.read(0, 100, PLENTY)).entries
    assert [(e.content.kind, e.content.reason) for e in entries if e.content.receipt_id == "rcp_4_0_a"] == [
        (EntryKind.REJECTED, "CONFLICTING_DUPLICATE")
    ]
    await new_box.database.close()


async def test_everything_kept_comes_when_asked(tmp_path: Path, new_box: Desk) -> None:
    done: list[tuple[int, int]] = []
    result = export(
        await dead_box(tmp_path),
        tmp_path / "all.db",
        MOMENT,
        everything=True,
        progress=lambda n, of: done.append((n, of)),
    )
    assert (result.entries, result.unreadable, done) == (5, 0, [(5, 5)])
    assert await new_box.journal.adopt(result.path, everything=True) == adoption.Adopted(journalled=5)
    await new_box.database.close()


async def test_a_running_agents_journal_can_be_exported(desk: Desk, tmp_path: Path) -> None:
    await desk.journal.append(sale(1))
    assert export(desk.path, tmp_path / "export.db", MOMENT).entries == 1
    await desk.journal.append(sale(2))


async def test_the_source_is_only_read(tmp_path: Path) -> None:
    source = await dead_box(tmp_path)
    before = {path.name: path.read_bytes() for path in source.parent.iterdir()}
    export(source, tmp_path / "export.db", MOMENT)
    assert {path.name: path.read_bytes() for path in source.parent.iterdir()} == before


async def test_an_export_verifies_like_a_journal(exported: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "opened", InlineExecutor())
    desk.path.parent.mkdir()
    shutil.copyfile(exported, desk.path)
    journal = await desk.open()
    assert await journal.verify() == ()
    await desk.database.close()


async def test_an_altered_export_is_refused(exported: Path, new_box: Desk) -> None:
    content = bytearray(exported.read_bytes())
    at = content.index(b'{"number":4')
    content[at + 10] ^= 1
    exported.write_bytes(content)
    with pytest.raises(Permanent) as refused:
        await new_box.journal.adopt(exported)
    assert refused.value.reason is Reason.JOURNAL_DAMAGED
    assert (await new_box.journal.head()).next_sequence == 1
    await new_box.database.close()


async def test_a_truncated_export_is_refused(exported: Path, new_box: Desk) -> None:
    exported.write_bytes(exported.read_bytes()[:5000])
    with pytest.raises(Permanent) as refused:
        await new_box.journal.adopt(exported)
    assert refused.value.reason is Reason.JOURNAL_DAMAGED
    await new_box.database.close()


async def test_pages_of_a_listing_go_on_where_the_last_ended(desk: Desk) -> None:
    for number in range(1, 8):
        await desk.journal.append(sale(number))
    await desk.journal.settle(
        5, [Verdict(sequence=1, outcome=Outcome.PARKED, reason="SKU_UNKNOWN", sentence="No such SKU.")]
    )
    with listing.inspected(desk.path) as connection:
        first = listing.page(connection, limit=4)
        rest = listing.page(connection, after=first[-1].number, limit=4)
        assert [line.reference for line in first + rest] == [f"R{number}" for number in range(1, 8)]
        assert (first[0].outcome, first[0].reason, first[0].settled) == ("parked", "SKU_UNKNOWN", True)
        assert [line.reference for line in listing.page(connection, unsettled=True)] == ["R6", "R7"]
        assert listing.show(connection, "rcp_6_0_a").raw == sale(6).content.raw
        assert listing.show(connection, "6").summary.receipt_id == "rcp_6_0_a"
        with pytest.raises(Permanent) as refused:
            listing.show(connection, "rcp_none")
        assert refused.value.reason is Reason.NOT_FOUND
