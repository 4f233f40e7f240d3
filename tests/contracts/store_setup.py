"""What every store promises to set-up and fleet: records as given, names that mean one SKU, keys that overlap, tokens used once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import LocationKind, Sku, TillKey
from core_service.ports.unit_of_work import CoreStore
from tests.contracts import setup_records
from tests.contracts.records import EPOCH, after, chain

BOTH = (("acme", "a"), ("bolt", "b"))


def _key(number: int, created: float, expires: float | None = None, till: str = "1") -> TillKey:
    ends = None if expires is None else after(expires)
    return TillKey(store="high-street", till=till, key_hash=chain(number), created_at=after(created), expires_at=ends)


class SetupStoreContract:
    """Stores, locations, SKUs, tills, credentials and fleet."""

    async def test_stores_are_put_got_and_listed(self, core: CoreStore) -> None:
        """A second put replaces; pages go by id; tenants have their own."""
        for tenant, mark in BOTH:
            async with core.begin(tenant) as uow:
                await uow.stores.put(setup_records.shop(mark="old"))
                await uow.stores.put(replace(setup_records.shop(mark=mark), core_share_percent=7))
                await uow.commit()
        async with core.begin("acme") as uow:
            await uow.stores.put(setup_records.shop("a-shop"))
            await uow.commit()
        for tenant, mark in BOTH:
            async with core.read(tenant) as uow:
                assert await uow.stores.get("high-street") == replace(
                    setup_records.shop(mark=mark), core_share_percent=7
                )
                assert await uow.stores.get("nowhere") is None
        async with core.read("acme") as uow:
            assert [store.store for store in await uow.stores.list("", 10)] == ["a-shop", "high-street"]
            assert [store.store for store in await uow.stores.list("a-shop", 10)] == ["high-street"]
            assert [store.store for store in await uow.stores.list("", 1)] == ["a-shop"]

    async def test_locations_are_put_got_and_listed(self, core: CoreStore) -> None:
        """With exact coordinates or none."""
        bare = replace(
            setup_records.warehouse("shop-1"),
            kind=LocationKind.STORE,
            latitude=None,
            longitude=None,
            wms_url="",
            closed=True,
        )
        for tenant, mark in BOTH:
            async with core.begin(tenant) as uow:
                await uow.locations.put(setup_records.warehouse(mark="old"))
                await uow.locations.put(setup_records.warehouse(mark=mark))
                await uow.commit()
        async with core.begin("acme") as uow:
            await uow.locations.put(bare)
            assert await uow.locations.list("", 10) == [setup_records.warehouse(mark="a"), bare]
            assert await uow.locations.list("north-dc", 10) == [bare]
            assert await uow.locations.get("nowhere") is None
        async with core.read("bolt") as uow:
            assert await uow.locations.get("north-dc") == setup_records.warehouse(mark="b")

    async def test_a_sku_is_found_by_every_name(self, core: CoreStore) -> None:
        """SKU, alias, and GTIN with and without leading zeros; unknown names and other tenants' are absent."""
        for tenant, mark in BOTH:
            async with core.begin(tenant) as uow:
                await uow.skus.put([setup_records.mug(mark)])
                await uow.commit()
        names = ["MUG-BLUE", "blue mug", "7", "4006381333931", "04006381333931", "mug-blue", "99", ""]
        for tenant, mark in BOTH:
            async with core.read(tenant) as uow:
                found = await uow.skus.resolve(names)
                assert found == dict.fromkeys(names[:5], setup_records.mug(mark))
                assert await uow.skus.resolve([]) == {}
                assert await uow.skus.get("MUG-BLUE") == setup_records.mug(mark)
                assert await uow.skus.get("7") is None

    async def test_a_replaced_sku_loses_its_old_names(self, core: CoreStore) -> None:
        """Which another may then have, also in the same call."""
        async with core.begin("acme") as uow:
            await uow.skus.put([setup_records.mug()])
            heir = Sku(sku="MUG-2", name="Mug 2", aliases=("blue mug",))
            renamed = Sku(sku="MUG-BLUE", name="Mug", retired=True)
            await uow.skus.put([heir, renamed])
            assert await uow.skus.resolve(["blue mug", "7", "MUG-BLUE"]) == {"blue mug": heir, "MUG-BLUE": renamed}
            assert await uow.skus.list("", 10) == [heir, renamed]
            assert await uow.skus.list("MUG-2", 10) == [renamed]

    @pytest.mark.parametrize(
        "rival",
        [
            Sku(sku="X", name="", gtins=("4006381333931",)),
            Sku(sku="X", name="", gtins=("04006381333931",)),
            Sku(sku="X", name="", aliases=("blue mug",)),
            Sku(sku="X", name="", aliases=("MUG-BLUE",)),
            Sku(sku="7", name=""),
        ],
    )
    async def test_a_name_means_one_sku(self, core: CoreStore, rival: Sku) -> None:
        """A GTIN or alias that belongs to another SKU is refused, in one call or two; another tenant may have it."""
        async with core.begin("bolt") as uow:
            await uow.skus.put([rival])
            await uow.commit()
        async with core.begin("acme") as uow:
            with pytest.raises(Permanent) as refused:
                await uow.skus.put([setup_records.mug(), rival])
            assert refused.value.reason is Reason.ALREADY_EXISTS
        async with core.begin("acme") as uow:
            await uow.skus.put([setup_records.mug()])
            with pytest.raises(Permanent):
                await uow.skus.put([rival])

    async def test_an_alias_wins_over_a_gtin_of_the_same_digits(self, core: CoreStore) -> None:
        """What the tenant named itself comes first."""
        named = Sku(sku="A", name="", aliases=("12345678",))
        coded = Sku(sku="B", name="", gtins=("12345678",))
        async with core.begin("acme") as uow:
            await uow.skus.put([named, coded])
            assert await uow.skus.resolve(["12345678", "0012345678"]) == {"12345678": named, "0012345678": coded}

    async def test_tills_are_put_got_and_listed(self, core: CoreStore) -> None:
        """By (store, till), of one store or all, of one's own tenant."""
        tills = [setup_records.till("1", "a"), setup_records.till("2", "a"), setup_records.till("1", "b")]
        for tenant, mark in BOTH:
            async with core.begin(tenant) as uow:
                for till in tills:
                    await uow.tills.put(replace(till, dialect=mark))
                await uow.commit()
        async with core.begin("acme") as uow:
            expected = [replace(till, dialect="a") for till in tills]
            assert await uow.tills.list("", ("", ""), 10) == expected
            assert await uow.tills.list("", ("a", "1"), 1) == expected[1:2]
            assert await uow.tills.list("b", ("", ""), 10) == expected[2:]
            await uow.tills.put(replace(expected[0], retired=True))
            assert await uow.tills.get("a", "1") == replace(expected[0], retired=True)
            assert await uow.tills.get("a", "9") is None
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.tills.get("a", "1") == replace(tills[0], dialect="b")

    async def test_a_new_key_overlaps_with_the_one_before(self, core: CoreStore) -> None:
        """The old one is valid until its end; ended ones are dropped; other tills and tenants keep theirs."""
        for tenant, _ in BOTH:
            async with core.begin(tenant) as uow:
                for name in ("1", "2"):
                    await uow.tills.put(setup_records.till(name))
                    await uow.tills.add_key(_key(1, 0, till=name), after(0))
                await uow.commit()
        async with core.begin("acme") as uow:
            await uow.tills.add_key(_key(2, 10), after(20))
            assert await uow.tills.keys("high-street", "1", after(19)) == [_key(2, 10), _key(1, 0, 20)]
            assert await uow.tills.keys("high-street", "1", after(20)) == [_key(2, 10)]
            await uow.tills.add_key(_key(3, 30), after(30))
            assert await uow.tills.keys("high-street", "1", after(0)) == [_key(3, 30)]
            assert await uow.tills.keys("high-street", "2", after(99)) == [_key(1, 0, till="2")]
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.tills.keys("high-street", "1", after(99)) == [_key(1, 0)]

    async def test_a_key_needs_its_till(self, core: CoreStore) -> None:
        """The sentence says what to create first."""
        async with core.begin("acme") as uow:
            with pytest.raises(Permanent) as refused:
                await uow.tills.add_key(_key(1, 0), after(0))
        assert refused.value.reason is Reason.REFERENCE_UNKNOWN

    async def test_credentials_are_added_listed_and_revoked(self, core: CoreStore) -> None:
        """Of one's own tenant only; one that names another tenant is refused."""
        for tenant, _ in BOTH:
            async with core.begin(tenant) as uow:
                await uow.credentials.add(setup_records.credential(f"crd_1_{tenant}", tenant))
                await uow.credentials.add(setup_records.credential(f"crd_2_{tenant}", tenant))
                await uow.commit()
        async with core.begin("acme") as uow:
            first, second = (setup_records.credential(f"crd_{number}_acme", "acme") for number in (1, 2))
            assert await uow.credentials.list("", 10) == [first, second]
            assert await uow.credentials.list("crd_1_acme", 10) == [second]
            await uow.credentials.revoke("crd_1_acme")
            await uow.credentials.revoke("crd_1_bolt")
            assert await uow.credentials.get("crd_1_acme") == replace(first, revoked=True)
            assert await uow.credentials.get("crd_2_acme") == second
            assert await uow.credentials.get("crd_1_bolt") is None
            with pytest.raises(Permanent):
                await uow.credentials.add(setup_records.credential("crd_9", "bolt"))
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.credentials.get("crd_1_bolt") == setup_records.credential("crd_1_bolt", "bolt")

    async def test_agents_are_put_seen_and_listed(self, core: CoreStore) -> None:
        """Of one store or all, of one's own tenant."""
        for tenant, mark in BOTH:
            async with core.begin(tenant) as uow:
                await uow.fleet.put_agent(setup_records.agent(mark=mark))
                await uow.commit()
        async with core.begin("acme") as uow:
            other = replace(setup_records.agent("agt_2"), store="harbour", revoked_at=after(1))
            await uow.fleet.put_agent(other)
            await uow.fleet.seen("agt_1", after(5), "1.2", -250, EPOCH)
            seen = replace(
                setup_records.agent(mark="a"), last_seen_at=after(5), version="1.2", clock_offset_ms=-250, epoch=EPOCH
            )
            assert await uow.fleet.agent("agt_1") == seen
            assert await uow.fleet.agents("", "", 10) == [seen, other]
            assert await uow.fleet.agents("", "agt_1", 10) == [other]
            assert await uow.fleet.agents("harbour", "", 10) == [other]
            assert await uow.fleet.agent("agt_3") is None
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.fleet.agents("", "", 10) == [setup_records.agent(mark="b")]

    async def test_fault_061_a_join_token_is_used_once(self, core: CoreStore) -> None:
        """The second use is told so and changes nothing."""
        async with core.begin("acme") as uow:
            await uow.fleet.add_token(setup_records.token())
            assert await uow.fleet.token(setup_records.token().token_hash) == setup_records.token()
            assert await uow.fleet.use_token(setup_records.token().token_hash, after(1), b"key")
            assert not await uow.fleet.use_token(setup_records.token().token_hash, after(2), b"other")
            assert not await uow.fleet.use_token(b"unknown", after(2), b"other")
            used = replace(setup_records.token(), used_at=after(1), used_key_hash=b"key")
            assert await uow.fleet.token(setup_records.token().token_hash) == used
            await uow.commit()
        async with core.begin("bolt") as uow:
            assert await uow.fleet.token(setup_records.token().token_hash) is None
            assert not await uow.fleet.use_token(setup_records.token().token_hash, after(1), b"key")

    async def test_certificates_are_kept_and_recovered_once(self, core: CoreStore) -> None:
        """The newest is by its issue; its one recovery is used once; tenants have their own."""
        for tenant, mark in (("acme", b"a"), ("bolt", b"b")):
            async with core.begin(tenant) as uow:
                await uow.fleet.add_certificate(setup_records.certificate("02", mark, issued=20))
                await uow.fleet.add_certificate(setup_records.certificate("03", mark, issued=10))
                await uow.commit()
        async with core.begin("acme") as uow:
            newest = setup_records.certificate("02", b"a", issued=20)
            assert await uow.fleet.newest_certificate("agt_1") == newest
            assert await uow.fleet.newest_certificate("agt_2") is None
            assert await uow.fleet.use_recovery("02", b"key")
            assert not await uow.fleet.use_recovery("02", b"other")
            assert await uow.fleet.certificate("02") == replace(newest, recovered_key_hash=b"key")
            assert await uow.fleet.certificate("99") is None
            await uow.commit()
        async with core.read("bolt") as uow:
            assert await uow.fleet.certificate("02") == setup_records.certificate("02", b"b", issued=20)
