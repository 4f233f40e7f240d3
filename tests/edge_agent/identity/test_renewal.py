"""The renewal loop: fresh certificates through lost replies, outages and restarts; it never stops and never hurries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from edge_agent.identity.enrolment import enrol
from edge_agent.identity.issuing import IssuedCertificate
from edge_agent.identity.keys import fits
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.identity.renewal import Renewal, RenewalSeams
from edge_agent.identity.rotation import LONGEST_WAIT, Step
from tests.core_service.fleet.pki import TENANT, FleetOffice, open_office
from tests.edge_agent.identity.core_of_keys import Line
from tests.eventually import eventually

DAY = timedelta(days=1).total_seconds()


class Box:
    """A box that joined."""

    def __init__(self, office: FleetOffice, folder: Path, identity: Identity) -> None:
        self.office = office
        self.keystore = Keystore(folder)
        self.line = Line(office=office)
        self.telemetry = MemoryTelemetry()
        self.first = identity
        self.renewal = self.started()

    def started(self) -> Renewal:
        """Start the agent (again): only what is on the disk is known."""
        identity = self.keystore.load()
        assert identity is not None
        seams = RenewalSeams(clock=self.office.clock, randomness=SeededRandomness(2), telemetry=self.telemetry)
        return Renewal(identity, self.keystore, self.line, seams)

    async def after(self, days: float) -> float:
        """Let days pass, do what is to be done, and return the wait until the next time."""
        self.office.clock.jump(days * DAY)
        return await self.renewal.once()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with open_office(tmp_path) as office:
        text = (await office.tokens.create(TENANT, "leeds", actor="a test")).text
        identity = await enrol(text, Keystore(tmp_path / "box"), Line(office=office), office.clock)
        yield Box(office, tmp_path / "box", identity)


async def test_nothing_happens_before_half_life(box: Box) -> None:
    """And then a new key and certificate are stored and used."""
    assert await box.after(14) > 0
    assert box.line.calls == []
    assert await box.after(5) == LONGEST_WAIT
    renewed = box.renewal.identity
    assert box.line.calls == ["renew"]
    assert renewed.key_pem != box.first.key_pem
    assert fits(renewed.key_pem, renewed.certificate_pem)
    assert box.keystore.load() == renewed
    assert box.renewal.status.step is Step.WAIT


async def test_a_lost_reply_is_asked_for_again_with_the_same_key(box: Box) -> None:
    """After a restart too; the core has issued one certificate, not two."""
    box.line.failing = ["after"]
    wait = await box.after(19)
    assert 0 < wait <= LONGEST_WAIT
    assert (box.renewal.status.failures, box.renewal.status.reason) == (1, "CORE_UNREACHABLE")
    box.renewal = box.started()
    await box.after(0.01)
    async with box.office.core.read(TENANT) as uow:
        newest = await uow.fleet.newest_certificate("leeds-1")
    assert newest is not None
    assert box.renewal.identity.certificate_pem == newest.certificate_pem
    listed = await box.office.roster.get(TENANT, "leeds-1")
    assert listed.agent.serial == newest.serial
    assert box.telemetry.counters["certificate_renewals", (("outcome", "OK"), ("step", "renew"))] == 1


@pytest.mark.parametrize("lost", [[], ["before"], ["after"], ["before", "after", "before"]])
async def test_fault_058_after_30_days_offline_and_more_the_old_key_recovers(box: Box, lost: list[str]) -> None:
    """Through any lost request or reply; the identity is the same one."""
    box.line.failing = list(lost)
    await box.after(31 + 60)
    for _ in lost:
        await box.after(0.05)
    assert set(box.line.calls) == {"recover"}
    recovered = box.renewal.identity
    assert recovered.agent == box.first.agent
    assert recovered.expires_at > box.office.clock.now()
    assert box.renewal.status.sentence == ""


async def test_after_the_grace_it_is_told_and_tried_on(box: Box) -> None:
    """Only a technician helps; the loop neither ends nor hurries."""
    wait = await box.after(30 + 91)
    assert box.renewal.status.step is Step.ENROL_AGAIN
    assert "enrol the box again" in box.renewal.status.sentence
    assert LONGEST_WAIT / 100 <= wait <= LONGEST_WAIT


async def test_fault_057_a_box_that_is_shut_out_is_told_so(box: Box) -> None:
    """And goes on asking, slowly."""
    await box.office.roster.revoke(TENANT, "leeds-1", actor="a test")
    assert await box.after(19) > 0
    assert box.renewal.status.reason == "AGENT_REVOKED"


async def test_a_full_disk_does_not_end_the_loop_and_loses_no_certificate(box: Box) -> None:
    """It is asked for again with the same key once there is space."""
    blocked = box.keystore._folder / ".identity.json.new"
    blocked.mkdir()
    (blocked / "in the way").touch()
    assert await box.after(19) > 0
    assert box.renewal.status.reason == "SETTINGS_INVALID"
    (blocked / "in the way").unlink()
    blocked.rmdir()
    await box.after(0.05)
    assert box.renewal.status.failures == 0
    assert box.keystore.load() == box.renewal.identity


async def test_a_certificate_for_another_key_is_not_taken(box: Box) -> None:
    """Whoever answered, the box keeps what works."""

    class Confused(Line):
        async def renew(self, identity: Identity, csr_der: bytes) -> IssuedCertificate:
            """Answer with the old certificate."""
            issued = await super().renew(identity, csr_der)
            return IssuedCertificate(
                certificate_pem=identity.certificate_pem,
                bundle_pem=issued.bundle_pem,
                expires_at=issued.expires_at,
                renew_at=issued.renew_at,
            )

    box.renewal._issuer = Confused(office=box.office)
    await box.after(19)
    assert box.renewal.identity == box.first
    assert box.renewal.status.reason == "CERTIFICATE_REFUSED"


async def test_a_bug_does_not_end_the_loop(box: Box) -> None:
    """Logged, counted, tried again."""

    class Broken(Line):
        async def renew(self, identity: Identity, csr_der: bytes) -> IssuedCertificate:
            """Fail as nobody expected."""
            raise ZeroDivisionError

    box.renewal._issuer = Broken(office=box.office)
    assert await box.after(19) > 0
    assert box.renewal.status.reason == "INTERNAL"
    assert box.telemetry.counters["certificate_renewals", (("outcome", "INTERNAL"), ("step", "renew"))] == 1


async def test_a_box_whose_clock_runs_far_ahead_does_not_ask_all_the_time(box: Box) -> None:
    """At most once an hour, whatever it believes."""
    waits = [await box.after(40) for _ in range(3)]
    assert all(wait > LONGEST_WAIT / 100 for wait in waits)


async def test_a_box_that_was_enrolled_anew_meanwhile_stays_what_it_became(box: Box) -> None:
    """Another process has changed the identity on the disk; this one takes it over instead of writing its own back."""
    text = (await box.office.tokens.create(TENANT, "york", actor="a test")).text
    other = await enrol(text, box.keystore, box.line, box.office.clock, replace=True)
    await box.after(19)
    assert box.renewal.identity == other == box.keystore.load()


async def test_the_loop_runs_until_it_is_cancelled(box: Box) -> None:
    """By the injected clock."""
    running = asyncio.create_task(box.renewal.run())
    clock = box.office.clock

    async def renewed() -> bool:
        clock.advance(6 * LONGEST_WAIT)
        return box.renewal.identity != box.first

    await eventually(renewed, within=20)
    assert (clock.now() - box.first.issued_at) < timedelta(days=19)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
