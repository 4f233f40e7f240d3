"""Becoming an agent: one paste, and the same paste finishes what was interrupted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.errors import AuthenticationFailed, Permanent, Transient
from adapters.reasons import Reason
from edge_agent.identity.enrolment import enrol
from edge_agent.identity.keys import fits
from edge_agent.identity.keystore import Keystore
from tests.core_service.fleet.pki import TENANT, FleetOffice, open_office
from tests.edge_agent.identity.core_of_keys import Line


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FleetOffice]:
    async with open_office(tmp_path) as opened:
        yield opened


async def token(office: FleetOffice) -> str:
    """A line to paste."""
    return (await office.tokens.create(TENANT, "leeds", actor="a test")).text


async def test_a_token_makes_the_box_an_agent(office: FleetOffice, tmp_path: Path) -> None:
    """Key, certificate, authorities and both addresses are on its disk."""
    keystore = Keystore(tmp_path / "box")
    identity = await enrol(await token(office), keystore, Line(office=office), office.clock)
    assert keystore.load() == identity
    assert (identity.tenant, identity.store, identity.agent) == (TENANT, "leeds", "leeds-1")
    assert (identity.api_address, identity.agents_address) == ("core.example:8444", "core.example:8443")
    assert identity.bundle_pem == office.authority.bundle_pem
    assert fits(identity.key_pem, identity.certificate_pem)
    assert office.authority.verify_issued(identity.certificate_pem).identity.agent == identity.agent


@pytest.mark.parametrize("when", ["before", "after"])
async def test_fault_061_an_interrupted_enrolment_is_finished_with_the_same_token(
    office: FleetOffice, tmp_path: Path, when: str
) -> None:
    """Though the core may have used the token: the key was stored first, so the answer is given again."""
    text, keystore = await token(office), Keystore(tmp_path / "box")
    with pytest.raises(Transient):
        await enrol(text, keystore, Line(office=office, failing=[when]), office.clock)
    assert keystore.load() is None
    identity = await enrol(text, Keystore(tmp_path / "box"), Line(office=office), office.clock)
    assert identity.agent == "leeds-1"
    assert len(await office.roster.list(TENANT, "", "", 10)) == 1


async def test_fault_061_another_box_gets_nothing_for_a_used_token(office: FleetOffice, tmp_path: Path) -> None:
    """And is told what that may mean."""
    text = await token(office)
    await enrol(text, Keystore(tmp_path / "box"), Line(office=office), office.clock)
    with pytest.raises(AuthenticationFailed) as refused:
        await enrol(text, Keystore(tmp_path / "thief"), Line(office=office), office.clock)
    assert refused.value.reason is Reason.JOIN_TOKEN_USED
    assert Keystore(tmp_path / "thief").load() is None


async def test_a_box_that_is_an_agent_stays_it_unless_told_otherwise(office: FleetOffice, tmp_path: Path) -> None:
    """A second paste by mistake uses up no token."""
    keystore = Keystore(tmp_path / "box")
    await enrol(await token(office), keystore, Line(office=office), office.clock)
    text = await token(office)
    with pytest.raises(Permanent) as refused:
        await enrol(text, keystore, Line(office=office), office.clock)
    assert refused.value.reason is Reason.ALREADY_EXISTS
    replaced = await enrol(text, keystore, Line(office=office), office.clock, replace=True)
    assert replaced.agent == "leeds-2"


@pytest.mark.parametrize("text", ["", "tsj1.", "leeds", "tst_abc"])
async def test_what_is_no_token_asks_nobody(office: FleetOffice, tmp_path: Path, text: str) -> None:
    """A half-copied line is found before the network is used."""
    line = Line(office=office)
    with pytest.raises(Permanent) as refused:
        await enrol(text, Keystore(tmp_path / "box"), line, office.clock)
    assert refused.value.reason is Reason.JOIN_TOKEN_INVALID
    assert line.calls == []
