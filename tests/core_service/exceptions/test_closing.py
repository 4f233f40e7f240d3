"""What will never book is closed by a person's word, and that word is kept."""

from __future__ import annotations

import pytest

from adapters.canonical.entry import EntryKind
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.exception import ExceptionStatus
from core_service.exceptions.closing import close_exception
from tests.core_service.shop import TENANT, Shop, open_shop
from tests.fakes.script_dialect import Line, script


async def _refused(shop: Shop) -> str:
    raw = script("sale", "1", [Line("MUG", "1")])
    agent = shop.agent("north").journal(raw, kind=EntryKind.REJECTED, reason="TOTALS_MISMATCH", sentence="x")
    [parked] = await shop.send(agent)
    return parked.record_id


async def test_a_closed_exception_books_nothing_and_says_who_closed_it_and_why():
    async with open_shop() as shop:
        exception_id = await _refused(shop)
        closed = await close_exception(shop.core, shop.clock, TENANT, exception_id, actor="ada", note="sent again")
        assert closed.status is ExceptionStatus.RESOLVED
        assert (await shop.replay(exception_id)).record_id == ""
        async with shop.core.read(TENANT) as uow:
            assert await uow.exceptions.list("", ExceptionStatus.OPEN, None, 10) == []
            [audited] = await uow.audit.of(exception_id)
            assert (audited.actor, audited.note) == ("ada", "sent again")
            assert "closed" in [step.stage for step in await uow.lineage.of(exception_id)]
            assert (await uow.tallies.count()).sales == 0
        await shop.sound()


async def test_closing_again_changes_nothing():
    async with open_shop() as shop:
        exception_id = await _refused(shop)
        for note in ("first", "second"):
            await close_exception(shop.core, shop.clock, TENANT, exception_id, actor="ada", note=note)
        async with shop.core.read(TENANT) as uow:
            assert [entry.note for entry in await uow.audit.of(exception_id)] == ["first"]


@pytest.mark.parametrize(
    ("exception_id", "note", "reason"),
    [("exc_none", "why", Reason.NOT_FOUND), ("", " ", Reason.FIELD_MISSING), ("", "x" * 1001, Reason.FIELD_INVALID)],
)
async def test_closing_needs_an_exception_and_a_note(exception_id: str, note: str, reason: Reason):
    async with open_shop() as shop:
        known = exception_id or await _refused(shop)
        with pytest.raises(Permanent) as refused:
            await close_exception(shop.core, shop.clock, TENANT, known, actor="ada", note=note)
        assert refused.value.reason is reason
