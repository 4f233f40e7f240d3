"""Joining, renewing and recovering: one use each, and the same answer to the same question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import SeededRandomness
from core_service.fleet.agent_certificate import read_agent_certificate
from core_service.fleet.certificates import CertificateAuthority
from edge_agent.identity.keys import new_key, recovery_proof, signing_request
from tests.core_service.fleet.pki import STORE, TENANT, FleetOffice, open_office

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FleetOffice]:
    async with open_office(tmp_path) as opened:
        yield opened


async def test_a_token_makes_a_box_the_stores_agent(office: FleetOffice) -> None:
    """The certificate names tenant, store and agent, for 30 days, renewed at half life; the audit knows."""
    csr = signing_request(new_key())
    enrolled = await office.enrolment.enrol(await office.secret(), csr)
    said = read_agent_certificate(enrolled.issued.certificate_pem)
    assert said.identity == enrolled.identity
    assert (said.identity.tenant, said.identity.store, said.identity.agent) == (TENANT, STORE, "leeds-1")
    assert enrolled.issued.expires_at == said.not_after == office.clock.now() + timedelta(days=30)
    assert enrolled.issued.renew_at == office.clock.now() + timedelta(days=15)
    assert said.not_before < office.clock.now()
    async with office.core.read(TENANT) as uow:
        assert [entry.action for entry in await uow.audit.of("leeds-1")] == ["create_join_token", "enrol"]
    assert await office.core.platform.agent_revoked(said.identity, said.serial) is False


async def test_fault_061_a_token_is_used_once(office: FleetOffice) -> None:
    """The same key gets the same certificate again, any time; another key gets nothing."""
    secret, key = await office.secret(), new_key()
    first = await office.enrolment.enrol(secret, signing_request(key))
    office.clock.jump(2 * DAY)
    again = await office.enrolment.enrol(secret, signing_request(key))
    assert again.issued.certificate_pem == first.issued.certificate_pem
    assert again.identity == first.identity
    with pytest.raises(AuthenticationFailed) as refused:
        await office.enrolment.enrol(secret, signing_request(new_key()))
    assert refused.value.reason is Reason.JOIN_TOKEN_USED
    assert len(await office.roster.list(TENANT, "", "", 10)) == 1


async def test_fault_061_of_two_boxes_that_use_a_token_at_once_one_joins(office: FleetOffice) -> None:
    """Whichever comes first."""
    secret = await office.secret()
    outcomes = await asyncio.gather(
        *(office.enrolment.enrol(secret, signing_request(new_key())) for _ in range(5)), return_exceptions=True
    )
    refused = [error for error in outcomes if isinstance(error, AuthenticationFailed)]
    assert [error.reason for error in refused] == [Reason.JOIN_TOKEN_USED] * 4
    assert len(await office.roster.list(TENANT, "", "", 10)) == 1


async def test_unknown_and_expired_tokens_are_invalid(office: FleetOffice) -> None:
    """Whoever holds one is told to make another."""
    csr = signing_request(new_key())
    secret = await office.secret(lifetime_seconds=60)
    office.clock.jump(60)
    for text in (secret, "made up", ""):
        with pytest.raises(AuthenticationFailed) as refused:
            await office.enrolment.enrol(text, csr)
        assert refused.value.reason is Reason.JOIN_TOKEN_INVALID
        assert "core-service token create" in refused.value.sentence


async def test_two_tokens_of_one_name_make_one_agent(office: FleetOffice) -> None:
    """Names are for ever: the second box is told to ask for another token, which has the next name."""
    first, second = await office.secret(), await office.secret()
    await office.enrolment.enrol(first, signing_request(new_key()))
    with pytest.raises(AuthenticationFailed) as refused:
        await office.enrolment.enrol(second, signing_request(new_key()))
    assert refused.value.reason is Reason.JOIN_TOKEN_INVALID
    third = await office.enrolment.enrol(await office.secret(), signing_request(new_key()))
    assert third.identity.agent == "leeds-2"


async def test_an_unusable_request_uses_up_no_token(office: FleetOffice) -> None:
    """The technician may try again with the same token."""
    secret = await office.secret()
    with pytest.raises(Permanent) as refused:
        await office.enrolment.enrol(secret, b"no request")
    assert refused.value.reason is Reason.CSR_INVALID
    await office.enrolment.enrol(secret, signing_request(new_key()))


async def test_renewal_gives_a_new_key_the_next_certificate_and_a_repeat_the_same(office: FleetOffice) -> None:
    """A reply that was lost is asked for again with the same key."""
    box = await office.box()
    office.clock.jump(15 * DAY)
    key = new_key()
    first = await office.enrolment.renew(box.identity, signing_request(key))
    again = await office.enrolment.renew(box.identity, signing_request(key))
    assert again.certificate_pem == first.certificate_pem
    assert first.expires_at == office.clock.now() + timedelta(days=30)
    listed = await office.roster.get(TENANT, box.identity.agent)
    assert (listed.agent.serial, listed.agent.certificate_expires_at) == (first.serial, first.expires_at)


async def test_fault_058_an_expired_certificate_is_recovered_once_by_its_old_key(office: FleetOffice) -> None:
    """Thirty days and more offline; the same new key again gets the same answer, another new key nothing."""
    box = await office.box()
    office.clock.jump(65 * DAY)
    csr = signing_request(new_key())
    first = await office.enrolment.recover(box.certificate, csr, box.proof(csr))
    office.clock.jump(3 * DAY)
    again = await office.enrolment.recover(box.certificate, csr, box.proof(csr))
    assert again.certificate_pem == first.certificate_pem
    assert read_agent_certificate(first.certificate_pem).identity == box.identity
    other = signing_request(new_key())
    with pytest.raises(AuthenticationFailed) as refused:
        await office.enrolment.recover(box.certificate, other, box.proof(other))
    assert refused.value.reason is Reason.CERTIFICATE_REFUSED


async def test_fault_058_after_the_grace_only_a_join_token_helps(office: FleetOffice) -> None:
    """Ninety days after the expiry to the second."""
    box = await office.box()
    csr = signing_request(new_key())
    office.clock.jump((30 + 90) * DAY + 1)
    with pytest.raises(AuthenticationFailed) as refused:
        await office.enrolment.recover(box.certificate, csr, box.proof(csr))
    assert refused.value.reason is Reason.CERTIFICATE_REFUSED
    office.clock.jump(-1)
    await office.enrolment.recover(box.certificate, csr, box.proof(csr))


async def test_recovery_needs_the_old_keys_signature_for_this_very_request(office: FleetOffice) -> None:
    """A certificate is no secret: whoever has only that gets nothing."""
    box = await office.box()
    csr, other = signing_request(new_key()), signing_request(new_key())
    for signature in (b"", b"x" * 70, box.proof(other), recovery_proof(new_key(), csr)):
        with pytest.raises(AuthenticationFailed) as refused:
            await office.enrolment.recover(box.certificate, csr, signature)
        assert refused.value.reason is Reason.SIGNATURE_INVALID


async def test_recovery_takes_certificates_of_our_authorities_only(office: FleetOffice, tmp_path: Path) -> None:
    """A stranger may sign what he likes with a key of his own."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    box = await office.box()
    stranger = CertificateAuthority.open(tmp_path / "stranger", office.clock, SeededRandomness(9))
    public = load_pem_private_key(box.key, password=None).public_key()
    issued = stranger.issue(box.identity, public)  # type: ignore[arg-type] # it is on an elliptic curve
    csr = signing_request(new_key())
    for pem in (issued.certificate_pem, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(AuthenticationFailed) as refused:
            await office.enrolment.recover(pem, csr, box.proof(csr))
        assert refused.value.reason is Reason.CERTIFICATE_REFUSED


async def test_fault_057_whoever_is_shut_out_gets_no_certificate(office: FleetOffice) -> None:
    """Neither by renewal nor by recovery."""
    box = await office.box()
    await office.roster.revoke(TENANT, box.identity.agent, actor="a test", note="stolen")
    csr = signing_request(new_key())
    with pytest.raises(AuthenticationFailed) as renewed:
        await office.enrolment.renew(box.identity, csr)
    with pytest.raises(AuthenticationFailed) as recovered:
        await office.enrolment.recover(box.certificate, csr, box.proof(csr))
    assert renewed.value.reason is recovered.value.reason is Reason.AGENT_REVOKED


async def test_a_certificate_unknown_to_a_restored_database_is_recovered_once_too(office: FleetOffice) -> None:
    """Issued after the backup was made: our signature on it is enough, and its recovery is remembered."""
    box = await office.box()
    later = await office.enrolment.renew(box.identity, signing_request(key := new_key()))
    async with office.core.begin(TENANT) as uow:
        from sqlalchemy import delete

        from core_service.store.tables.fleet import certificate

        await uow._transaction.execute(delete(certificate).where(certificate.c.serial == later.serial))  # type: ignore[attr-defined]
        await uow.commit()
    csr = signing_request(new_key())
    first = await office.enrolment.recover(later.certificate_pem, csr, recovery_proof(key, csr))
    assert (await office.enrolment.recover(later.certificate_pem, csr, recovery_proof(key, csr))).serial == first.serial
    other = signing_request(new_key())
    with pytest.raises(AuthenticationFailed):
        await office.enrolment.recover(later.certificate_pem, other, recovery_proof(key, other))


async def test_the_same_seed_and_time_ask_for_the_same_serials(tmp_path: Path) -> None:
    """What a restored core issues again for the same cause is the same record again."""
    serials = []
    key = new_key()
    for folder in ("a", "b"):
        async with open_office(tmp_path / folder) as office:
            enrolled = await office.enrolment.enrol(await office.secret(), signing_request(key))
            serials.append(enrolled.issued.serial)
    assert serials[0] == serials[1]
