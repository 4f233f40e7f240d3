"""The catalogue: all or none, no name twice, every store told, messages that waited read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.ports.unit_of_work import UnitOfWork
from core_service.setup.catalogue import MOST_AT_ONCE, SkuDraft, put_skus
from core_service.setup.csv_catalogue import import_catalogue
from core_service.setup.desk import Desk
from tests.core_service.setup.desks import LEEDS, RIVAL, TENANT, YORK, open_desk, told

MUG = SkuDraft(sku="MUG", name="Mug", gtins=("4006381333931",), aliases=("becher",))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(LEEDS, YORK) as opened:
        yield opened


async def test_every_store_of_the_tenant_is_told_of_a_sku(desk: Desk) -> None:
    """And no store of another."""
    assert await put_skus(desk, [MUG, SkuDraft(sku="CUP", name="Cup")]) == 2
    for store in ("leeds", "york"):
        assert await told(desk.core, store) == ["sku CUP", "sku MUG"]
    assert await told(desk.core, "leeds", RIVAL) == []
    async with desk.core.read(TENANT) as uow:
        assert sorted(await uow.skus.resolve(["becher", "04006381333931", "CUP"])) == [
            "04006381333931",
            "CUP",
            "becher",
        ]


@pytest.mark.parametrize(
    ("other", "path"),
    [
        (SkuDraft(sku="POT", name="Pot", aliases=("becher",)), "skus[1].aliases"),
        (SkuDraft(sku="POT", name="Pot", gtins=("4006381333931",)), "skus[1].gtins"),
        (SkuDraft(sku="becher", name="Becher"), "skus[1].sku"),
        (SkuDraft(sku="POT", name="Pot", aliases=("MUG",)), "skus[1].aliases"),
    ],
)
async def test_a_name_that_means_another_sku_is_refused(desk: Desk, other: SkuDraft, path: str) -> None:
    """Whether its owner was there before or comes in the same batch; nothing of the batch is stored."""
    for known in (True, False):
        if known:
            await put_skus(desk, [MUG])
        first = SkuDraft(sku="CUP", name="Cup") if known else MUG
        with pytest.raises(Permanent) as refused:
            await put_skus(replace(desk, tenant=TENANT if known else RIVAL), [first, other])
        assert refused.value.reason is Reason.ALREADY_EXISTS
        assert refused.value.path.startswith("skus[")
        if known:
            assert refused.value.path == path
    async with desk.core.read(TENANT) as uow:
        assert [sku.sku for sku in await uow.skus.list("", 10)] == ["MUG"]


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        (replace(MUG, sku=""), "skus[0].sku"),
        (replace(MUG, sku=" MUG"), "skus[0].sku"),
        (replace(MUG, sku="M" * 65), "skus[0].sku"),
        (replace(MUG, sku="M\u202eUG"), "skus[0].sku"),
        (replace(MUG, name=""), "skus[0].name"),
        (replace(MUG, gtins=("4006381333931", "4006381333932")), "skus[0].gtins[1]"),
        (replace(MUG, gtins=("4006381333931", "4006381333931")), "skus[0].gtins[1]"),
        (replace(MUG, aliases=("a", "")), "skus[0].aliases[1]"),
        (replace(MUG, aliases=tuple(f"a{number}" for number in range(101))), "skus[0].aliases"),
    ],
)
async def test_a_wrong_field_is_named(desk: Desk, draft: SkuDraft, path: str) -> None:
    """With its place in the batch."""
    with pytest.raises(Permanent) as refused:
        await put_skus(desk, [draft])
    assert refused.value.path == path


async def test_a_batch_has_1_to_1000_skus_and_none_twice(desk: Desk) -> None:
    """More come in more batches."""
    many = [SkuDraft(sku=f"S{number}", name="x") for number in range(MOST_AT_ONCE + 1)]
    for drafts in ([], many, [MUG, MUG]):
        with pytest.raises(Permanent) as refused:
            await put_skus(desk, drafts)
        assert refused.value.path.startswith("skus")
    assert await put_skus(desk, many[:-1]) == MOST_AT_ONCE


async def test_messages_that_waited_for_a_sku_are_told_that_it_came(desk: Desk) -> None:
    """In the same transaction."""
    heard: list[tuple[str, Reason]] = []

    async def arrived(uow: UnitOfWork, reason: Reason, _source: str) -> None:
        heard.append((uow.tenant, reason))

    await put_skus(replace(desk, arrived=arrived), [MUG])
    assert heard == [(TENANT, Reason.SKU_UNKNOWN), (TENANT, Reason.SKU_RETIRED)]


CSV = b'sku,name,gtins,aliases\r\nMUG,"Mug, blue",4006381333931|96385074,becher|my mug\r\n\r\nCUP,Cup,,\r\n'


async def test_a_file_of_skus_is_imported_and_may_be_imported_again(desk: Desk) -> None:
    """Quoted names, several GTINs and aliases, empty lines, a byte order mark."""
    steps: list[tuple[int, int]] = []
    for raw in (CSV, b"\xef\xbb\xbf" + CSV):
        assert await import_catalogue(desk, raw, lambda done, of: steps.append((done, of))) == []
    assert steps == [(2, 2), (2, 2)]
    async with desk.core.read(TENANT) as uow:
        cup, mug = await uow.skus.list("", 10)
    assert (mug.name, mug.gtins, mug.aliases) == ("Mug, blue", ("4006381333931", "96385074"), ("becher", "my mug"))
    assert (cup.gtins, cup.aliases) == ((), ())


async def test_every_wrong_row_of_a_file_is_told_at_once_and_nothing_is_put(desk: Desk) -> None:
    """By its line."""
    raw = b"sku,name,gtins,aliases\nMUG,Mug,,\nCUP,Cup,123,\nPOT,Pot\nMUG,Mug again,,\nJUG,,,\n"
    errors = await import_catalogue(desk, raw, lambda _done, _of: None)
    assert [error.number for error in errors] == [3, 4, 5, 6]
    assert all(error.sentence for error in errors)
    async with desk.core.read(TENANT) as uow:
        assert await uow.skus.list("", 10) == []


async def test_a_taken_alias_in_a_file_is_told_by_its_line(desk: Desk) -> None:
    """Only the database knows it."""
    await put_skus(desk, [MUG])
    raw = b"sku,name,gtins,aliases\nCUP,Cup,,\nPOT,Pot,,becher\n"
    (error,) = await import_catalogue(desk, raw, lambda _done, _of: None)
    assert error.number == 3
    assert "becher" in error.sentence


@pytest.mark.parametrize(
    "raw", [b"", b"sku;name\n", b"\xff\xfe", b'sku,name,gtins,aliases\n"open', b"name,sku,gtins,aliases\n"]
)
async def test_what_is_no_such_file_is_refused_as_a_whole(desk: Desk, raw: bytes) -> None:
    """With what the first line should be."""
    with pytest.raises(Permanent) as refused:
        await import_catalogue(desk, raw, lambda _done, _of: None)
    assert refused.value.reason is Reason.FIELD_INVALID
