"""Identity on the wire: joining, renewing and recovering over real TLS against a real core."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import msgspec
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from adapters.canonical.join_token import JoinToken, decode_join_token
from adapters.errors import AuthenticationFailed, Permanent, Transient
from adapters.reasons import Reason
from core_service.fleet.certificates import CertificateAuthority
from core_service.fleet.join_tokens import Addresses
from edge_agent.identity.enrolment import enrol
from edge_agent.identity.keys import new_key, recovery_proof, signing_request
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.identity.wire import GrpcIssuer, connect, connector
from tests.core_service.grpc_api.house import STORE, TENANT, House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def token(house: House) -> str:
    """A line to paste, with the ports that the house got."""
    addresses = Addresses(agents=f"localhost:{house.agents.port}", api=f"localhost:{house.api.port}")
    made = await dataclasses.replace(house.tokens, addresses=addresses).create(TENANT, STORE, actor="a test")
    return made.text


async def joined(house: House, folder: Path) -> Identity:
    """Let a box join over the wire."""
    identity = await enrol(await token(house), Keystore(folder), GrpcIssuer(), house.clock)
    return msgspec.structs.replace(identity, agents_address=f"localhost:{house.agents.port}")


async def test_a_box_joins_connects_renews_and_recovers(house: House, tmp_path: Path) -> None:
    """All by its own keys, over TLS that trusts only this core."""
    identity = await joined(house, tmp_path / "box")
    async with connect(identity) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    key = new_key()
    renewed = await GrpcIssuer().renew(identity, signing_request(key))
    newer = msgspec.structs.replace(identity, key_pem=key, certificate_pem=renewed.certificate_pem)
    async with connector(lambda: newer)() as channel:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    csr = signing_request(new_key())
    recovered = await GrpcIssuer().recover(newer, csr, recovery_proof(key, csr))
    assert house.authority.verify_issued(recovered.certificate_pem).identity.agent == identity.agent
    assert recovered.renew_at < recovered.expires_at


async def test_the_cores_own_words_reach_the_technician(house: House, tmp_path: Path) -> None:
    """Reason and sentence, as errors of ours."""
    text = await token(house)
    await enrol(text, Keystore(tmp_path / "box"), GrpcIssuer(), house.clock)
    with pytest.raises(AuthenticationFailed) as used:
        await enrol(text, Keystore(tmp_path / "other"), GrpcIssuer(), house.clock)
    assert (used.value.reason, used.value.path) == (Reason.JOIN_TOKEN_USED, "join_token")
    with pytest.raises(Permanent) as invalid:
        await GrpcIssuer().enrol(decode_join_token(text), b"no request")
    assert invalid.value.reason is Reason.CSR_INVALID


async def test_a_token_trusts_its_own_core_and_nobody_else(house: House, tmp_path: Path) -> None:
    """Whoever stands at the address with another certificate gets no secret."""
    stranger = CertificateAuthority.open(tmp_path / "stranger", house.clock, house.tokens.randomness)
    right = decode_join_token(await token(house))
    for wrong in (
        dataclasses.replace(right, authorities=stranger.bundle_der),
        dataclasses.replace(right, api_address=right.agents_address),
        dataclasses.replace(right, api_address="localhost:1"),
    ):
        with pytest.raises(Transient) as refused:
            await GrpcIssuer().enrol(wrong, signing_request(new_key()))
        assert refused.value.reason is Reason.CORE_UNREACHABLE
    assert house.telemetry.total("grpc_calls") == 0


async def test_a_token_that_carries_no_certificate_is_refused(house: House) -> None:
    """Before anything is sent."""
    token = JoinToken(api_address="localhost:1", agents_address="", secret="", authorities=(b"no certificate",))
    with pytest.raises((Permanent, Transient)):
        await GrpcIssuer().enrol(token, signing_request(new_key()))
    assert house.telemetry.total("grpc_calls") == 0


async def test_fault_057_a_box_that_is_shut_out_renews_nothing(house: House, tmp_path: Path) -> None:
    """At the choke-point already."""
    identity = await joined(house, tmp_path / "box")
    await house.roster.revoke(TENANT, identity.agent, actor="a test")
    with pytest.raises(AuthenticationFailed) as refused:
        await GrpcIssuer().renew(identity, signing_request(new_key()))
    assert refused.value.reason is Reason.AGENT_REVOKED


async def test_what_renewed_goes_on_while_the_old_certificate_still_works(house: House, tmp_path: Path) -> None:
    """Connections made before the renewal are not cut by it."""
    identity = await joined(house, tmp_path / "box")
    async with connect(identity) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        await health.Check(health_pb2.HealthCheckRequest(), timeout=10)
        await GrpcIssuer().renew(identity, signing_request(new_key()))
        await health.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert channel.get_state() is grpc.ChannelConnectivity.READY
