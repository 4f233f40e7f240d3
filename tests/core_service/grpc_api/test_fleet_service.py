"""FleetService over the wire: tokens, the roster, and an agent that is shut out while it calls (faults row 57)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from adapters.canonical.join_token import decode_join_token
from core_service.grpc_api.admission import REVOCATION_SECONDS
from edge_agent.identity.keys import new_key, signing_request
from tests.core_service.grpc_api.house import House, open_house
from tests.core_service.grpc_api.methods import reason_of
from tests.eventually import eventually
from tillstream.edge.v1 import enrolment_service_pb2 as edge_wire
from tillstream.edge.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from tillstream.oms.v1 import fleet_service_pb2 as wire
from tillstream.oms.v1.fleet_service_pb2_grpc import FleetServiceStub


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def fleet(house: House) -> AsyncIterator[tuple[Any, tuple[tuple[str, str], ...]]]:
    """A stub and the metadata that signs in."""
    _, token = await house.bearer()
    async with house.api_channel() as channel:
        yield FleetServiceStub(channel), (("authorization", f"Bearer {token}"),)


async def test_a_box_joins_by_a_token_and_is_on_the_roster(house: House, fleet: Any) -> None:
    """From the token to the list, all by gRPC."""
    stub, metadata = fleet
    made = await stub.CreateJoinToken(wire.CreateJoinTokenRequest(store="leeds"), metadata=metadata, timeout=10)
    assert made.agent == "leeds-1"
    request = edge_wire.EnrolRequest(
        join_token=decode_join_token(made.join_token).secret, csr_der=signing_request(new_key())
    )
    async with house.api_channel() as channel:
        enrolling: Any = EnrolmentServiceStub(channel)
        enrolled = await enrolling.Enrol(request, timeout=10)
    assert (enrolled.tenant, enrolled.store, enrolled.agent) == ("acme", "leeds", "leeds-1")
    assert enrolled.issued.ca_bundle_pem == house.authority.bundle_pem
    assert enrolled.issued.renew_time.ToDatetime() < enrolled.issued.expire_time.ToDatetime()
    listed = await stub.ListAgents(wire.ListAgentsRequest(), metadata=metadata, timeout=10)
    assert [(agent.agent, agent.store, agent.revoked) for agent in listed.agents] == [("leeds-1", "leeds", False)]
    assert not listed.agents[0].HasField("last_seen_time")
    shown = await stub.GetAgent(wire.GetAgentRequest(agent="leeds-1"), metadata=metadata, timeout=10)
    assert shown.agent == listed.agents[0]


async def test_agents_are_paged(house: House, fleet: Any) -> None:
    """By id, in one store or all."""
    stub, metadata = fleet
    for _ in range(3):
        await house.enrolled()
    first = await stub.ListAgents(wire.ListAgentsRequest(page_size=2), metadata=metadata, timeout=10)
    request = wire.ListAgentsRequest(page_size=2, page_token=first.next_page_token)
    second = await stub.ListAgents(request, metadata=metadata, timeout=10)
    assert [agent.agent for agent in [*first.agents, *second.agents]] == ["leeds-1", "leeds-2", "leeds-3"]
    assert second.next_page_token == ""


async def test_fault_057_an_agent_that_is_shut_out_is_refused_within_seconds(house: House, fleet: Any) -> None:
    """On a connection that was open all the time."""
    stub, metadata = fleet
    enrolled, key = await house.enrolled()
    async with house.agent_channel(enrolled, key) as channel:
        agent: Any = EnrolmentServiceStub(channel)
        request = edge_wire.RenewCertificateRequest(csr_der=signing_request(new_key()))
        await agent.RenewCertificate(request, timeout=10)
        revoked = await stub.RevokeAgent(
            wire.RevokeAgentRequest(agent="leeds-1", note="stolen"), metadata=metadata, timeout=10
        )
        assert revoked.agent.revoked
        house.clock.advance(REVOCATION_SECONDS)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await agent.RenewCertificate(request, timeout=10)
        assert (refused.value.code(), reason_of(refused.value)) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "AGENT_REVOKED",
        )


async def test_fault_057_an_open_watch_of_an_agent_that_is_shut_out_ends_within_a_minute(
    house: House, fleet: Any
) -> None:
    """Idle or not: the choke-point asks again."""
    stub, metadata = fleet
    enrolled, key = await house.enrolled()
    async with house.agent_channel(enrolled, key) as channel:
        watch: Any = channel.unary_stream("/tillstream.edge.v1.DownlinkService/Watch")
        call = watch(b"", timeout=30)
        assert await call.read() is not grpc.aio.EOF
        reading = asyncio.create_task(read_on(call))
        await stub.RevokeAgent(wire.RevokeAgentRequest(agent="leeds-1"), metadata=metadata, timeout=10)
        began = house.clock.monotonic()

        async def cut() -> bool:
            house.clock.advance(1)
            return reading.done()

        await eventually(cut, within=20)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await reading
        assert reason_of(ended.value) == "AGENT_REVOKED"
        assert house.clock.monotonic() - began <= 60


async def read_on(call: Any) -> None:
    """Read until the stream ends."""
    while await call.read() is not grpc.aio.EOF:
        pass


async def test_unknown_agents_are_not_found(fleet: Any) -> None:
    """With the path."""
    stub, metadata = fleet
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetAgent(wire.GetAgentRequest(agent="x"), metadata=metadata, timeout=10)
    assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
