"""Tills and their keys: shown once, two in an overlap, and the store told when each begins and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from core_service.domain.work import WorkKind
from core_service.setup.desk import Desk
from core_service.setup.tills import LONGEST_OVERLAP, TillDraft, issue_till_key, put_till, tell_till, till_key_hash
from tests.core_service.setup.desks import LEEDS, TENANT, open_desk, told

TILL = TillDraft(
    store="leeds", till="till-1", dialect="square", webhook_secret="s3cret", webhook_url="https://shop.example/w"
)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(LEEDS) as opened:
        await put_till(opened, TILL)
        yield opened


async def keys(desk: Desk) -> list[bytes]:
    """The hashes valid now, the newest first."""
    async with desk.core.read(TENANT) as uow:
        return [key.key_hash for key in await uow.tills.keys("leeds", "till-1", desk.clock.now())]


async def test_a_till_keeps_its_secret_when_none_is_sent(desk: Desk) -> None:
    """And its store is told of the change."""
    till = await put_till(desk, replace(TILL, dialect="plain", webhook_secret=""))
    assert (till.dialect, till.webhook_secret) == ("plain", "s3cret")
    assert await told(desk.core, "leeds") == ["till till-1"]


@pytest.mark.parametrize(
    ("fields", "reason", "path"),
    [
        ({"store": "nowhere"}, Reason.REFERENCE_UNKNOWN, "till.store"),
        ({"till": "Till 1"}, Reason.FIELD_INVALID, "till.till"),
        ({"till": "a/b"}, Reason.FIELD_INVALID, "till.till"),
        ({"dialect": "klingon"}, Reason.DIALECT_UNKNOWN, "till.dialect"),
        ({"webhook_url": "here"}, Reason.FIELD_INVALID, "till.webhook_url"),
        ({"webhook_secret": "a\0"}, Reason.TEXT_NOT_STORABLE, "till.webhook_secret"),
    ],
)
async def test_a_wrong_field_is_named(desk: Desk, fields: dict[str, str], reason: Reason, path: str) -> None:
    """Dialects are those that this version speaks."""
    with pytest.raises(Permanent) as refused:
        await put_till(desk, replace(TILL, **fields))  # type: ignore[arg-type]
    assert (refused.value.reason, refused.value.path) == (reason, path)


async def test_a_new_key_replaces_the_old_one_at_once_or_after_an_overlap(desk: Desk) -> None:
    """Only hashes are kept."""
    first = await issue_till_key(desk, "leeds", "till-1")
    assert first.api_key.startswith("tst_")
    assert await keys(desk) == [till_key_hash(first.api_key)]
    second = await issue_till_key(desk, "leeds", "till-1", overlap_seconds=3600)
    assert await keys(desk) == [till_key_hash(second.api_key), till_key_hash(first.api_key)]
    clock = desk.clock
    assert isinstance(clock, VirtualClock)
    clock.jump(3600)
    assert await keys(desk) == [till_key_hash(second.api_key)]
    third = await issue_till_key(desk, "leeds", "till-1")
    assert await keys(desk) == [till_key_hash(third.api_key)]


async def test_the_store_is_told_again_when_the_overlap_ends(desk: Desk) -> None:
    """By due work: its agent would else take the old key for ever."""
    await issue_till_key(desk, "leeds", "till-1")
    await issue_till_key(desk, "leeds", "till-1", overlap_seconds=3600)
    claims, clock = desk.core.work_claims, desk.clock
    assert isinstance(clock, VirtualClock)
    assert await claims.claim("a test", clock.now(), 60.0, 10, []) == []
    clock.jump(3600)
    (work,) = await claims.claim("a test", clock.now(), 60.0, 10, [])
    assert (work.kind, work.subject) == (WorkKind.TELL_TILL, "leeds/till-1")
    await told(desk.core, "leeds")
    async with desk.core.read(TENANT) as uow:
        before = await uow.changes.newest("store:leeds")
    await tell_till(desk.core, work)
    assert await told(desk.core, "leeds") == ["till till-1"]
    async with desk.core.read(TENANT) as uow:
        assert await uow.changes.newest("store:leeds") > before


async def test_a_key_is_for_a_till_that_is_set_up_and_an_overlap_within_bounds(desk: Desk) -> None:
    """Nothing else is issued."""
    with pytest.raises(Permanent) as unknown:
        await issue_till_key(desk, "leeds", "till-9")
    assert (unknown.value.reason, unknown.value.path) == (Reason.TILL_UNKNOWN, "till")
    for seconds in (-1, LONGEST_OVERLAP + 1):
        with pytest.raises(Permanent) as refused:
            await issue_till_key(desk, "leeds", "till-1", overlap_seconds=seconds)
        assert refused.value.path == "overlap_seconds"
