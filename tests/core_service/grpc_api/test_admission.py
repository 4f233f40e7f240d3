"""Admission: asks about an agent again after seconds, keeps nobody out because a database is away, and remembers a bounded number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.errors import AuthenticationFailed, Transient
from adapters.reasons import Reason
from adapters.seams.clock import VirtualClock
from adapters.seams.randomness import SeededRandomness
from core_service.domain.fleet import AgentIdentity
from core_service.fleet.certificates import CertificateAuthority
from core_service.grpc_api import admission
from core_service.grpc_api.admission import REVOCATION_SECONDS, Admission, Listener

STREAM = "/tillstream.edge.v1.UplinkService/StreamEntries"
KEY = ec.generate_private_key(ec.SECP256R1()).public_key()


class Records:
    """What the platform knows of agents: the answers to come, and how often it was asked."""

    def __init__(self) -> None:
        self.answer: bool | Exception | None = False
        self.asked = 0

    async def agent_revoked(self, identity: AgentIdentity, serial: str) -> bool | None:
        """Answer."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Connection:
    """A connection by a certificate, as gRPC describes it."""

    def __init__(self, pem: bytes, security: bytes = b"ssl") -> None:
        self._pem = pem
        self._security = security

    def auth_context(self) -> dict[str, list[bytes]]:
        """The certificate that the client showed."""
        return {"transport_security_type": [self._security], "x509_pem_cert": [self._pem]}


class Gate:
    """Admission of the agents' listener with its surroundings."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.records = Records()
        self.authority = CertificateAuthority.open(folder, self.clock, SeededRandomness(1))
        self.admission = Admission(Listener.AGENTS, self.records, self.clock)  # type: ignore[arg-type] # its one method used here

    async def enter(self, agent: str = "leeds-1", security: bytes = b"ssl") -> Any:
        """Let an agent call."""
        identity = AgentIdentity(tenant="acme", store="leeds", agent=agent)
        serial = int.from_bytes(agent.encode(), "big")
        connection: Any = Connection(self.authority.issue(identity, KEY, serial).certificate_pem, security)
        return await self.admission.admit(STREAM, connection)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


async def test_fault_057_an_answer_is_used_for_seconds_only(gate: Gate) -> None:
    """Then the records are asked again, and a shut-out agent stays out from then on."""
    await gate.enter()
    admitted = await gate.enter()
    assert gate.records.asked == 1
    gate.records.answer = True
    gate.clock.advance(REVOCATION_SECONDS)
    for asking in (gate.enter(), admitted.recheck(), gate.enter()):
        with pytest.raises(AuthenticationFailed) as refused:
            await asking
        assert refused.value.reason is Reason.AGENT_REVOKED
    assert gate.records.asked == 4


async def test_setting_the_clock_back_does_not_prolong_an_answer(gate: Gate) -> None:
    """Seconds are counted by the clock that never goes back."""
    await gate.enter()
    gate.records.answer = True
    gate.clock.advance(REVOCATION_SECONDS)
    gate.clock.jump(-60)
    with pytest.raises(AuthenticationFailed):
        await gate.enter()


async def test_a_database_that_is_away_is_no_refusal(gate: Gate) -> None:
    """The agent is told to try again, not that it is shut out."""
    gate.records.answer = Transient(Reason.DATABASE_UNAVAILABLE, "Away.")
    with pytest.raises(Transient) as later:
        await gate.enter()
    assert later.value.reason is Reason.DATABASE_UNAVAILABLE


async def test_an_unknown_agent_is_told_to_enrol(gate: Gate) -> None:
    """Its certificate may be ours and still of no use: the core was restored from before it joined."""
    gate.records.answer = None
    with pytest.raises(AuthenticationFailed) as refused:
        await gate.enter()
    assert refused.value.reason is Reason.CERTIFICATE_REFUSED
    assert "enrol the box again" in refused.value.sentence


async def test_a_certificate_counts_over_tls_only(gate: Gate) -> None:
    """Whatever another transport may claim."""
    with pytest.raises(AuthenticationFailed) as refused:
        await gate.enter(security=b"insecure")
    assert refused.value.reason is Reason.CREDENTIAL_MISSING
    assert gate.records.asked == 0


async def test_a_certificate_that_expires_while_its_stream_is_open_ends_it(gate: Gate) -> None:
    """Asked again, the same certificate is refused."""
    admitted = await gate.enter()
    await admitted.recheck()
    gate.clock.jump(30 * 86_400)
    with pytest.raises(AuthenticationFailed) as refused:
        await admitted.recheck()
    assert refused.value.reason is Reason.CERTIFICATE_REFUSED


async def test_a_bounded_number_of_agents_is_remembered(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one longest unasked is forgotten first."""
    monkeypatch.setattr(admission, "_REMEMBERED", 3)
    for number in range(5):
        await gate.enter(f"leeds-{number}")
    assert [key[2] for key in gate.admission._not_revoked] == ["leeds-2", "leeds-3", "leeds-4"]
