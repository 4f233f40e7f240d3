"""What every store promises to background work: due work held by one at a time, changes numbered once and none skipped."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.seams.clock import VirtualClock
from core_service.domain.work import ClaimedWork
from core_service.ports.unit_of_work import CoreStore
from core_service.ports.work import OMS, Change, ChangeKind, FeedItem, store_audience
from tests.contracts.records import SHARED, after, work

_SHOP = store_audience("high-street")


def _stock(subject: str, audience: str = _SHOP) -> Change:
    return Change(audience=audience, kind=ChangeKind.STOCK, subject=subject)


async def _record(core: CoreStore, tenant: str, *changes: Change) -> None:
    async with core.begin(tenant) as uow:
        await uow.changes.record(changes)
        await uow.commit()


async def _since(core: CoreStore, tenant: str, revision: int = 0, audience: str = _SHOP) -> list[tuple[str, int]]:
    async with core.read(tenant) as uow:
        return [(item.subject, item.revision) for item in await uow.changes.since(audience, revision, 100)]


async def _enqueue(core: CoreStore, tenant: str, *ids: str) -> None:
    async with core.begin(tenant) as uow:
        await uow.work.enqueue([work(work_id) for work_id in ids])
        await uow.commit()


async def _claim(core: CoreStore, at: float = 0, owner: str = "w1", limit: int = 10) -> list[ClaimedWork]:
    return await core.work_claims.claim(owner, after(at), 30, limit, [])


class WorkStoreContract:
    """Due work and feeds."""

    async def test_work_is_claimed_whole_and_once(self, core: CoreStore) -> None:
        """What one holds another does not get; tenants' work of one id are two."""
        for tenant in ("acme", "bolt"):
            await _enqueue(core, tenant, "wrk_1")
        claimed = await _claim(core)
        assert [one.tenant for one in claimed] == ["acme", "bolt"]
        assert claimed[0] == ClaimedWork(
            tenant="acme",
            work_id="wrk_1",
            kind=work().kind,
            subject=work().subject,
            destination="north-dc",
            attempt=1,
            max_attempts=3,
            fence=claimed[0].fence,
        )
        assert await _claim(core, owner="w2") == []

    async def test_work_comes_by_priority_then_due_time_when_it_is_due(self, core: CoreStore) -> None:
        """Never before, never more than asked, never of a destination to skip."""
        async with core.begin("acme") as uow:
            await uow.work.enqueue(
                [
                    work("later", due=9),
                    work("second", due=2),
                    work("first", due=1),
                    work("urgent", due=3, priority=1),
                    work("elsewhere", due=0, destination="south-dc"),
                ]
            )
            await uow.commit()
        assert await core.work_claims.claim("w", after(-1), 30, 10, []) == []
        first = await core.work_claims.claim("w", after(3), 30, 2, [("acme", "south-dc"), ("bolt", "north-dc")])
        assert [one.work_id for one in first] == ["urgent", "first"]
        rest = await core.work_claims.claim("w", after(3), 30, 10, [])
        assert [one.work_id for one in rest] == ["elsewhere", "second"]

    async def test_fault_021_a_lease_that_ended_is_taken_over_and_the_old_fence_is_refused(
        self, core: CoreStore
    ) -> None:
        """A worker that slept past its lease can neither complete, give back nor park."""
        await _enqueue(core, "acme", "wrk_1")
        (slept,) = await _claim(core, at=0)
        assert await _claim(core, at=29.9, owner="w2") == []
        (taken,) = await _claim(core, at=30, owner="w2")
        assert (taken.attempt, taken.fence > slept.fence) == (2, True)
        assert not await core.work_claims.complete(slept, after(31))
        assert not await core.work_claims.retry(slept, after(31), "WMS_UNREACHABLE", "Later.")
        assert not await core.work_claims.park(slept, after(31), "WMS_REFUSED", "No.")
        assert await core.work_claims.complete(taken, after(31))
        assert await _claim(core, at=9999) == []

    async def test_work_is_ended_once(self, core: CoreStore) -> None:
        """After completing, giving back or parking, the same claim can do no more."""
        await _enqueue(core, "acme", "a", "b", "c")
        done, given_back, parked = await _claim(core)
        assert await core.work_claims.complete(done, after(1))
        assert await core.work_claims.retry(given_back, after(60), "WMS_UNREACHABLE", "Later.")
        assert await core.work_claims.park(parked, after(1), "WMS_REFUSED", "No.")
        for ended in (done, given_back, parked):
            assert not await core.work_claims.complete(ended, after(2))
            assert not await core.work_claims.park(ended, after(2), "", "")
        assert await _claim(core, at=59) == []
        (again,) = await _claim(core, at=60)
        assert (again.work_id, again.attempt) == ("b", 2)

    async def test_work_that_is_there_is_not_enqueued_again(self, core: CoreStore) -> None:
        """Causing it twice does it once, also after it was done; another tenant's is its own."""
        await _enqueue(core, "acme", "wrk_1", "wrk_1")
        (claimed,) = await _claim(core)
        assert await core.work_claims.complete(claimed, after(1))
        await _enqueue(core, "acme", "wrk_1")
        assert await _claim(core, at=99) == []
        await _enqueue(core, "bolt", "wrk_1")
        assert len(await _claim(core, at=99)) == 1

    @pytest.mark.parametrize("ending", ["done", "parked", "waiting", "held", "new"])
    async def test_work_asked_for_again_is_done_again(self, core: CoreStore, ending: str) -> None:
        """Whatever became of it; who holds it loses its fence, so that news that came meanwhile is not missed."""
        claimed: ClaimedWork | None = None
        if ending != "new":
            await _enqueue(core, "acme", "wrk_1")
            (claimed,) = await _claim(core)
            if ending == "done":
                assert await core.work_claims.complete(claimed, after(1))
            if ending == "parked":
                assert await core.work_claims.park(claimed, after(1), "WMS_REFUSED", "No.")
            if ending == "waiting":
                assert await core.work_claims.retry(claimed, after(900), "WMS_UNREACHABLE", "Later.")
        async with core.begin("acme") as uow:
            await uow.work.again(work("wrk_1", due=5))
            await uow.commit()
        assert await _claim(core, at=4) == []
        (again,) = await _claim(core, at=5)
        assert again.attempt == 1
        if ending == "held" and claimed is not None:
            assert not await core.work_claims.complete(claimed, after(6))
        assert await core.work_claims.complete(again, after(6))

    async def test_asking_again_and_again_does_not_put_work_off(self, core: CoreStore) -> None:
        """Work that waits for its turn keeps its earlier place."""
        await _enqueue(core, "acme", "wrk_1")
        async with core.begin("acme") as uow:
            await uow.work.again(work("wrk_1", due=50))
            await uow.commit()
        assert len(await _claim(core, at=1)) == 1

    async def test_work_of_a_rolled_back_unit_is_never_done(self, core: CoreStore) -> None:
        """Work is enqueued with its cause or not at all."""
        async with core.begin("acme") as uow:
            await uow.work.enqueue([work()])
        assert await _claim(core, at=99) == []

    async def test_many_workers_share_the_work_without_overlap(self, core: CoreStore) -> None:
        """Each piece is held by one."""
        await _enqueue(core, "acme", *(f"wrk_{number}" for number in range(20)))
        claims = await asyncio.gather(*(_claim(core, owner=f"w{number}", limit=5) for number in range(6)))
        ids = [one.work_id for claim in claims for one in claim]
        assert len(ids) == 20
        assert len(set(ids)) == 20

    async def test_changes_are_told_only_once_they_are_numbered(self, core: CoreStore) -> None:
        """By audience, by revision, each thing once at its newest; tenants number for themselves."""
        await _record(core, "acme", _stock("a"), _stock("b"), _stock("a", OMS), _stock("a"))
        await _record(core, "bolt", _stock("z"))
        assert await _since(core, "acme") == []
        fence = await core.feed.hold_lease("feed", "me", after(0), 30)
        assert fence is not None
        assert await core.feed.number("feed", fence, 100) == 4
        assert await core.feed.number("feed", fence, 100) == 0
        assert await _since(core, "acme") == [("a", 1), ("b", 2)]
        assert await _since(core, "acme", audience=OMS) == [("a", 1)]
        assert await _since(core, "bolt") == [("z", 1)]
        await _record(core, "acme", _stock("a"))
        await core.feed.number("feed", fence, 100)
        assert await _since(core, "acme") == [("b", 2), ("a", 3)]
        assert await _since(core, "acme", 2) == [("a", 3)]
        async with core.read("acme") as uow:
            assert [await uow.changes.newest(name) for name in (_SHOP, OMS, "store:x")] == [3, 1, 0]
            assert await uow.changes.since(_SHOP, 0, 1) == [FeedItem(kind=ChangeKind.STOCK, subject="b", revision=2)]

    async def test_things_of_one_name_but_another_kind_are_two(self, core: CoreStore) -> None:
        """A till and a SKU may have the same id."""
        await _record(core, "acme", _stock("1"), replace(_stock("1"), kind=ChangeKind.TILL))
        fence = await core.feed.hold_lease("feed", "me", after(0), 30)
        assert fence is not None
        await core.feed.number("feed", fence, 100)
        assert await _since(core, "acme") == [("1", 1), ("1", 2)]

    async def test_numbering_takes_no_more_than_it_is_asked_to(self, core: CoreStore) -> None:
        """The rest comes with the next call."""
        await _record(core, "acme", *(_stock(str(number)) for number in range(5)))
        fence = await core.feed.hold_lease("feed", "me", after(0), 30)
        assert fence is not None
        assert [await core.feed.number("feed", fence, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert [revision for _, revision in await _since(core, "acme")] == [1, 2, 3, 4, 5]

    async def test_a_rolled_back_change_is_never_told(self, core: CoreStore) -> None:
        """Changes are recorded with their cause or not at all."""
        async with core.begin("acme") as uow:
            await uow.changes.record([_stock("a")])
        fence = await core.feed.hold_lease("feed", "me", after(0), 30)
        assert fence is not None
        assert await core.feed.number("feed", fence, 10) == 0

    async def test_one_holder_has_the_lease_until_it_ends(self, core: CoreStore) -> None:
        """Renewing keeps the fence; taking over gives another, and the old one numbers nothing."""
        await _record(core, "acme", _stock("a"))
        first = await core.feed.hold_lease("feed", "one", after(0), 30)
        assert first is not None
        assert await core.feed.hold_lease("feed", "one", after(20), 30) == first
        assert await core.feed.hold_lease("feed", "two", after(49), 30) is None
        assert await core.feed.hold_lease("other", "two", after(49), 30) is not None
        second = await core.feed.hold_lease("feed", "two", after(50), 30)
        assert second is not None
        assert second != first
        assert await core.feed.number("feed", first, 10) == 0
        assert await core.feed.number("unheld", 1, 10) == 0
        assert await core.feed.number("feed", second, 10) == 1

    @settings(max_examples=30, suppress_health_check=SHARED)
    @given(
        steps=st.lists(
            st.one_of(
                st.tuples(st.just("change"), st.sampled_from("abcd"), st.integers(-5, 5)),
                st.tuples(st.just("number"), st.just(""), st.integers(1, 3)),
                st.tuples(st.just("read"), st.just(""), st.integers(1, 3)),
            ),
            max_size=25,
        )
    )
    async def test_fault_035_a_reader_never_skips_a_change(
        self, core: CoreStore, clock: VirtualClock, steps: list[tuple[str, str, int]]
    ) -> None:
        """However recording, a jumping clock, numbering and reading interleave, each change is told after it happened."""
        fence = await core.feed.hold_lease("feed", "me", after(0), 10**9)
        assert fence is not None
        while await core.feed.number("feed", fence, 1000):
            pass
        async with core.read("acme") as uow:
            cursor = await uow.changes.newest(_SHOP)
        untold: list[str] = []
        for step, subject, number in [*steps, *[("number", "", 1000), ("read", "", 1000)]]:
            if step == "change":
                clock.jump(number)
                await _record(core, "acme", _stock(subject))
                untold.append(subject)
            elif step == "number":
                await core.feed.number("feed", fence, number)
            else:
                async with core.read("acme") as uow:
                    items = await uow.changes.since(_SHOP, cursor, number)
                assert [item.revision for item in items] == sorted({item.revision for item in items})
                cursor = items[-1].revision if items else cursor
                told = {item.subject for item in items}
                untold = [name for name in untold if name not in told]
        assert untold == []

    async def test_a_database_has_one_feed_id(self, core: CoreStore) -> None:
        """Resume tokens name it."""
        assert await core.feed.feed_id() == await core.feed.feed_id() != ""
