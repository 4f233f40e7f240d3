"""The roster: who is there, where each stands, and shutting one out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.canonical.chain import genesis
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.fleet.agent_certificate import read_agent_certificate
from core_service.ports.ingest import StreamPosition
from tests.core_service.fleet.pki import TENANT, FleetOffice, open_office

EPOCH, SESSION = bytes(16), bytes(range(16))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FleetOffice]:
    async with open_office(tmp_path) as opened:
        yield opened


async def test_agents_are_listed_by_id_and_store(office: FleetOffice) -> None:
    """Page by page."""
    for store in ("leeds", "york", "leeds"):
        await office.box(store)
    names = [listed.agent.agent for listed in await office.roster.list(TENANT, "", "", 10)]
    assert names == ["leeds-1", "leeds-2", "york-1"]
    assert [listed.agent.agent for listed in await office.roster.list(TENANT, "leeds", "leeds-1", 10)] == ["leeds-2"]


async def test_an_agent_shows_what_it_has_committed_in_its_present_epoch(office: FleetOffice) -> None:
    """Zero before its first stream."""
    box = await office.box()
    assert (await office.roster.get(TENANT, "leeds-1")).watermark == 0
    async with office.core.begin(TENANT) as uow:
        position = await uow.streams.open(box.identity.agent, EPOCH, SESSION)
        assert position.chain == genesis(EPOCH)
        reached = StreamPosition(watermark=7, chain=bytes(32))
        assert await uow.streams.advance(box.identity.agent, EPOCH, SESSION, position, reached)
        await uow.fleet.seen(box.identity.agent, office.clock.now(), "0.1.0", 250, EPOCH)
        await uow.commit()
    listed = await office.roster.get(TENANT, "leeds-1")
    assert (listed.watermark, listed.agent.version, listed.agent.clock_offset_ms) == (7, "0.1.0", 250)


async def test_fault_057_shutting_out_is_at_once_for_commits_and_for_ever(office: FleetOffice) -> None:
    """Its stream can move no watermark any more; the audit says who did it and why; once is enough."""
    box = await office.box()
    async with office.core.begin(TENANT) as uow:
        position = await uow.streams.open(box.identity.agent, EPOCH, SESSION)
        await uow.commit()
    revoked = await office.roster.revoke(TENANT, "leeds-1", actor="credential:x", note="stolen box")
    office.clock.jump(60)
    assert await office.roster.revoke(TENANT, "leeds-1", actor="credential:y") == revoked
    async with office.core.begin(TENANT) as uow:
        reached = StreamPosition(watermark=1, chain=bytes(32))
        assert not await uow.streams.advance(box.identity.agent, EPOCH, SESSION, position, reached)
        (entry,) = [entry for entry in await uow.audit.of("leeds-1") if entry.action == "revoke_agent"]
    assert (entry.actor, entry.note) == ("credential:x", "stolen box")
    said = read_agent_certificate(box.certificate)
    assert await office.core.platform.agent_revoked(said.identity, said.serial) is True


async def test_an_unknown_agent_is_not_found(office: FleetOffice) -> None:
    """Neither shown nor shut out."""
    for asking in (office.roster.get(TENANT, "x"), office.roster.revoke(TENANT, "x", actor="a test")):
        with pytest.raises(Permanent) as refused:
            await asking
        assert (refused.value.reason, refused.value.path) == (Reason.NOT_FOUND, "agent")


async def test_a_token_is_for_a_store_that_is_set_up_and_a_name_that_is_free(office: FleetOffice) -> None:
    """Every field has its path."""
    await office.box()
    for fields, reason, path in (
        ({"store": "nowhere"}, Reason.REFERENCE_UNKNOWN, "store"),
        ({"store": "leeds", "agent": "leeds-1"}, Reason.ALREADY_EXISTS, "agent"),
        ({"store": "leeds", "agent": "No Name"}, Reason.FIELD_INVALID, "agent"),
        ({"store": "leeds", "lifetime_seconds": 59}, Reason.FIELD_INVALID, "lifetime_seconds"),
        ({"store": "leeds", "lifetime_seconds": 604801}, Reason.FIELD_INVALID, "lifetime_seconds"),
    ):
        with pytest.raises(Permanent) as refused:
            await office.tokens.create(TENANT, actor="a test", **fields)
        assert (refused.value.reason, refused.value.path) == (reason, path)
