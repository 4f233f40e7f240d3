"""What every `edge_agent.ports.Cache` promises, as a suite that takes a factory; the fixture `cache` yields an empty one."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from edge_agent.ports import Cache, CachedGrant, CachedLevel, CachedOrder, CachedSku, CachedTill, Revision

MOMENT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def level(
    sku: str, on_hand: int, *, epoch: bytes = b"", sequence: int = 0, store_rights: int | None = None
) -> CachedLevel:
    """Return a level of which the store may promise everything, or `store_rights`."""
    rights = on_hand if store_rights is None else store_rights
    return CachedLevel(
        sku=sku,
        on_hand=Decimal(on_hand),
        store_rights=Decimal(rights),
        core_rights=Decimal(on_hand - rights),
        reserved=Decimal(0),
        epoch=epoch,
        sequence=sequence,
    )


def till(name: str, *keys: bytes) -> CachedTill:
    """Return a till with keys."""
    return CachedTill(
        till=name,
        dialect="plain",
        api_key_hashes=keys,
        webhook_secret="s",
        webhook_url="https://shop.example/hook",
        retired=False,
        currency="EUR",
        time_zone="Europe/Berlin",
        closing_time=time(22, 30),
    )


def sku(name: str, *, gtins: tuple[str, ...] = (), aliases: tuple[str, ...] = ()) -> CachedSku:
    """Return a SKU."""
    return CachedSku(sku=name, name=f"Article {name}", gtins=gtins, aliases=aliases, retired=False)


def order(name: str, status: str) -> CachedOrder:
    """Return an order's news."""
    return CachedOrder(
        order_id=name,
        status=status,
        receipt_id="rcp_1",
        updated_at=MOMENT,
        location="wh-1",
        tracking_number="",
        sentence="On its way.",
    )


def grant(name: str, *, settled: bool = False) -> CachedGrant:
    """Return a grant of two and a half units."""
    return CachedGrant(transfer_id=name, sku="A", quantity=Decimal("2.5"), settled=settled)


def revision(
    number: int, *, begins: bool = False, complete: bool = True, feed: str = "feed-1", **changes: object
) -> Revision:
    """Return a message of the watch."""
    return Revision(
        feed_id=feed,
        revision=number,
        snapshot_begins=begins,
        complete=complete,
        received_at=MOMENT,
        **changes,  # type: ignore[arg-type]
    )


class CacheContract:
    """Inherit and provide the fixture `cache`."""

    async def test_an_empty_cache_knows_nothing(self, cache: Cache) -> None:
        assert await cache.position() == ("", 0)
        assert await cache.levels(["A"]) == {}
        assert await cache.till("t1") is None
        assert await cache.till_by_key(KEY) is None
        assert await cache.resolve(["A"]) == {}
        assert await cache.order("ord_1") is None
        assert await cache.untaken_grants() == []

    async def test_what_was_told_is_answered(self, cache: Cache) -> None:
        told = revision(
            7,
            begins=True,
            levels=(level("A", 5),),
            skus=(sku("A"),),
            tills=(till("t1", KEY),),
            orders=(order("ord_1", "ROUTED"),),
        )
        await cache.apply(told)
        assert await cache.position() == ("feed-1", 7)
        shown = (await cache.levels(["A", "B"]))["A"]
        assert (shown.on_hand, shown.available) == (Decimal(5), Decimal(5))
        assert (shown.name, shown.complete) == ("Article A", True)
        assert list(await cache.levels(["A", "B"])) == ["A"]
        assert await cache.till("t1") == await cache.till_by_key(KEY) == till("t1", KEY)
        assert await cache.order("ord_1") == order("ord_1", "ROUTED")

    async def test_a_later_word_replaces_an_earlier_one(self, cache: Cache) -> None:
        await cache.apply(
            revision(
                1, begins=True, levels=(level("A", 5),), tills=(till("t1", KEY),), orders=(order("ord_1", "ROUTED"),)
            )
        )
        await cache.levels(["A"])
        await cache.apply(
            revision(2, levels=(level("A", 3),), tills=(till("t1", OTHER_KEY),), orders=(order("ord_1", "SHIPPED"),))
        )
        assert (await cache.levels(["A"]))["A"].on_hand == 3
        assert await cache.till_by_key(KEY) is None
        assert await cache.till_by_key(OTHER_KEY) == till("t1", OTHER_KEY)
        told = await cache.order("ord_1")
        assert told is not None
        assert told.status == "SHIPPED"

    async def test_both_keys_of_a_till_open_while_one_is_rotated(self, cache: Cache) -> None:
        await cache.apply(revision(1, begins=True, tills=(till("t1", KEY, OTHER_KEY),)))
        assert await cache.till_by_key(KEY) == await cache.till_by_key(OTHER_KEY)

    async def test_skus_are_found_by_every_name_that_tills_use(self, cache: Cache) -> None:
        article = sku("A", gtins=("4006381333931",), aliases=("pen",))
        assert await cache.resolve(["pen"]) == {}
        await cache.apply(revision(1, begins=True, skus=(article,)))
        names = ["A", "pen", "4006381333931", "04006381333931"]
        assert await cache.resolve([*names, "unknown"]) == dict.fromkeys(names, article)
        await cache.apply(revision(2, skus=(sku("A", aliases=("biro",)),)))
        assert list(await cache.resolve(["pen", "4006381333931", "biro"])) == ["biro"]

    async def test_a_sku_comes_before_another_ones_alias(self, cache: Cache) -> None:
        await cache.apply(revision(1, begins=True, skus=(sku("A", aliases=("B",)), sku("B"))))
        assert (await cache.resolve(["B"]))["B"].sku == "B"

    async def test_readers_keep_the_old_until_a_snapshot_is_complete(self, cache: Cache) -> None:
        await cache.apply(revision(5, begins=True, levels=(level("A", 5), level("B", 5)), tills=(till("t1", KEY),)))
        await cache.apply(revision(6, begins=True, complete=False, feed="feed-2", levels=(level("A", 1),)))
        assert {name: shown.on_hand for name, shown in (await cache.levels(["A", "B"])).items()} == {"A": 5, "B": 5}
        assert await cache.till("t1") is not None
        assert await cache.position() == ("feed-2", 6)
        await cache.apply(revision(9, complete=True, feed="feed-2", levels=(level("C", 2),)))
        assert {name: shown.on_hand for name, shown in (await cache.levels(["A", "B", "C"])).items()} == {
            "A": 1,
            "C": 2,
        }
        assert await cache.till("t1") is None

    async def test_before_the_first_snapshot_is_complete_answers_say_so(self, cache: Cache) -> None:
        await cache.apply(revision(1, begins=True, complete=False, levels=(level("A", 5),), tills=(till("t1", KEY),)))
        assert (await cache.levels(["A"]))["A"].complete is False
        assert await cache.till_by_key(KEY) is not None
        await cache.apply(revision(2, complete=True, levels=(level("B", 1),)))
        assert {name: shown.complete for name, shown in (await cache.levels(["A", "B"])).items()} == {
            "A": True,
            "B": True,
        }

    async def test_a_snapshot_that_begins_again_drops_what_the_first_had_brought(self, cache: Cache) -> None:
        await cache.apply(revision(1, begins=True, complete=False, levels=(level("A", 5),)))
        await cache.apply(revision(2, begins=True, complete=True, levels=(level("B", 1),)))
        assert list(await cache.levels(["A", "B"])) == ["B"]

    async def test_settled_grants_are_history(self, cache: Cache) -> None:
        await cache.apply(revision(1, begins=True, grants=(grant("rgt_1"), grant("rgt_2"))))
        assert await cache.untaken_grants() == [grant("rgt_1"), grant("rgt_2")]
        await cache.apply(revision(2, grants=(grant("rgt_1", settled=True),)))
        assert await cache.untaken_grants() == [grant("rgt_2")]

    async def test_available_is_never_below_zero(self, cache: Cache) -> None:
        await cache.apply(revision(1, begins=True, levels=(level("A", -3, store_rights=-3),)))
        shown = (await cache.levels(["A"]))["A"]
        assert (shown.on_hand, shown.available) == (Decimal(-3), Decimal(0))
