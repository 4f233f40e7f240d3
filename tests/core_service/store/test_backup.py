"""Backups: one consistent file of a database in use, restored under another feed id."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.ports.unit_of_work import CoreStore
from core_service.store import backup, check_current, restore
from tests.contracts import records
from tests.core_service.store.stores import opened, with_tenants


async def _sell(core: CoreStore, number: int) -> None:
    pair = ("north-dc", "MUG-BLUE")
    async with core.begin("acme") as uow:
        await uow.stock.book([records.received(f"rcv_{number}", 1)], {pair: records.holding(number)}, records.T0)
        await uow.raw.put([(f"raw_{number}", bytes(2000))])
        await uow.commit()


async def test_a_backup_of_a_database_in_use_is_whole(url: str, tmp_path: Path, clock: VirtualClock) -> None:
    """While sales go on: the copy balances and holds a beginning of them; progress reaches the end."""
    core = await with_tenants(await opened(url, clock))
    for number in range(1, 50):
        await _sell(core, number)
    told: list[tuple[int, int]] = []
    copying = asyncio.create_task(asyncio.to_thread(backup, url, tmp_path / "copy.db", lambda *step: told.append(step)))
    number = 50
    while not copying.done():
        await _sell(core, number)
        number += 1
    await copying
    await core.close()
    assert told[-1][0] == told[-1][1] > 0
    restored = f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}"
    restore(tmp_path / "copy.db", restored, SeededRandomness(3))
    core = await opened(restored, clock)
    async with core.read("acme") as uow:
        (level,) = await uow.stock.levels([], [], None, 10)
        assert await uow.stock.verify() == []
        assert 49 <= level.position.on_hand < number
        assert await uow.raw.get("raw_49") == bytes(2000)
    await core.close()


async def test_fault_043_a_restored_database_has_another_feed_id(url: str, tmp_path: Path, clock: VirtualClock) -> None:
    """So that no resume token of the lost future is taken for one of its own."""
    core = await opened(url, clock)
    before = await core.feed.feed_id()
    await core.close()
    backup(url, tmp_path / "copy.db")
    restored = f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'restored.db'}"
    given = restore(tmp_path / "copy.db", restored, SeededRandomness(3))
    check_current(restored)
    core = await opened(restored, clock)
    assert await core.feed.feed_id() == given != before
    await core.close()


def test_nothing_is_overwritten(url: str, tmp_path: Path) -> None:
    """Neither a backup nor a database that is there."""
    backup(url, tmp_path / "copy.db")
    for attempt in (
        lambda: backup(url, tmp_path / "copy.db"),
        lambda: restore(tmp_path / "copy.db", url, SeededRandomness(1)),
    ):
        with pytest.raises(Permanent) as refused:
            attempt()
        assert refused.value.reason is Reason.ALREADY_EXISTS


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """With the next step."""
    missing = f"sqlite+aiosqlite:///{tmp_path / 'nothing.db'}"
    with pytest.raises(Permanent) as refused:
        backup(missing, tmp_path / "copy.db")
    assert refused.value.reason is Reason.NOT_FOUND
    with pytest.raises(Permanent) as refused:
        restore(tmp_path / "copy.db", missing, SeededRandomness(1))
    assert refused.value.reason is Reason.NOT_FOUND
    with pytest.raises(Permanent):
        backup("sqlite+aiosqlite:///:memory:", tmp_path / "copy.db")


def test_a_file_that_is_no_database_is_not_restored(tmp_path: Path) -> None:
    """And leaves nothing behind at its target."""
    (tmp_path / "copy.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    with pytest.raises((Permanent, Transient)):
        restore(tmp_path / "copy.db", f"sqlite+aiosqlite:///{tmp_path / 'core.db'}", SeededRandomness(1))
    assert not (tmp_path / "core.db").exists()


def test_a_damaged_database_is_not_passed_on(url: str, tmp_path: Path) -> None:
    """A copy is checked before it is called a backup."""
    path = Path(url.removeprefix("sqlite+aiosqlite:///"))
    with sqlite3.connect(path) as writing:
        writing.execute("PRAGMA journal_mode=DELETE").fetchone()
        writing.executemany("INSERT INTO feed_audience VALUES (?, ?, 1)", [("acme", f"a{n}") for n in range(2000)])
    writing.close()
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 4096 - 8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = bytes(range(200))
    path.write_bytes(content)
    with pytest.raises((Permanent, Transient)):
        backup(url, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
