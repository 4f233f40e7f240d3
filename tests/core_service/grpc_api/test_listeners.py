"""The two listeners: TLS only, bounded, health on both, certificates that renew themselves, a graceful end."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.grpc_api.admission import Listener
from core_service.grpc_api.choke_point import ChokePointSeams
from core_service.grpc_api.listeners import LARGEST_MESSAGE, SERVER_OPTIONS, ListenerParts, ListenerPlan, start_listener
from edge_agent import channel as edge
from tests.core_service.grpc_api.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def test_health_is_answered_on_both_listeners(house: House) -> None:
    """To agents with their certificate, on the API to anyone."""
    enrolled, key = await house.enrolled()
    async with house.api_channel() as api, house.agent_channel(enrolled, key) as agents:
        for channel in (api, agents):
            answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_is_for_the_api_listener_and_only_when_set(house: House) -> None:
    """The house has it set; agents get none."""
    enrolled, key = await house.enrolled()
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    async with house.api_channel() as api, house.agent_channel(enrolled, key) as agents:
        answer = (
            await reflection_pb2_grpc.ServerReflectionStub(api).ServerReflectionInfo(iter([asked]), timeout=10).read()
        )
        names = {service.name for service in answer.list_services_response.service}
        assert "tillstream.oms.v1.OrderService" in names
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await (
                reflection_pb2_grpc.ServerReflectionStub(agents).ServerReflectionInfo(iter([asked]), timeout=10).read()
            )
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("listener", list(Listener))
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_fault_055_old_tls_is_refused(
    house: House, tmp_path: Path, listener: Listener, version: ssl.TLSVersion
) -> None:
    """TLS 1.0 and 1.1 find nobody to talk to; 1.2 from the same client does, so it is the version that was refused."""
    enrolled, key = await house.enrolled()
    agent = tmp_path / "agent.pem"
    agent.write_bytes(key + enrolled.issued.certificate_pem)
    port = house.agents.port if listener is Listener.AGENTS else house.api.port
    assert await handshake(port, agent, ssl.TLSVersion.TLSv1_2)
    assert not await handshake(port, agent, version)


async def handshake(port: int, agent: Path, version: ssl.TLSVersion) -> bool:
    """Whether the server completes a handshake of just this version with an agent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(agent)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except (ssl.SSLError, ConnectionError):
        return False
    writer.transport.abort()
    return True


async def test_the_servers_certificate_renews_itself_at_half_life(house: House) -> None:
    """The next handshake gets the new one; nobody restarts anything."""
    first = await served(house.api.port)
    house.clock.jump(timedelta(days=14).total_seconds())
    assert (await served(house.api.port)).serial_number == first.serial_number
    house.clock.jump(timedelta(days=2).total_seconds())
    second = await served(house.api.port)
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc - first.not_valid_after_utc > timedelta(days=15)


async def served(port: int) -> x509.Certificate:
    """Return the certificate that a handshake shows."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(shown)


async def test_a_message_over_the_limit_is_refused(house: House) -> None:
    """And the connection goes on serving others."""
    _, token = await house.bearer()
    metadata = (("authorization", f"Bearer {token}"),)
    options = (("grpc.max_send_message_length", -1),)
    credentials = grpc.ssl_channel_credentials(house.authority.bundle_pem)
    async with grpc.aio.secure_channel(f"localhost:{house.api.port}", credentials, options=options) as channel:
        call: Any = channel.unary_unary("/tillstream.oms.v1.AdminService/ListStores")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(bytes(LARGEST_MESSAGE + 1), metadata=metadata, timeout=10)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert b"leeds" in await call(b"", metadata=metadata, timeout=10)


def test_both_ends_set_limits_and_keepalive_that_fit() -> None:
    """An agent's pings are never too many for the core, and neither sends what the other refuses."""
    agent = dict(edge.CHANNEL_OPTIONS)
    assert agent["grpc.keepalive_time_ms"] > SERVER_OPTIONS["grpc.http2.min_recv_ping_interval_without_data_ms"]
    assert SERVER_OPTIONS["grpc.keepalive_permit_without_calls"] == agent["grpc.keepalive_permit_without_calls"] == 1
    assert agent["grpc.max_send_message_length"] == SERVER_OPTIONS["grpc.max_receive_message_length"]
    assert agent["grpc.max_receive_message_length"] == SERVER_OPTIONS["grpc.max_send_message_length"]


async def test_stopping_ends_streams_at_once_and_health_says_so_first(house: House) -> None:
    """An idle watch does not hold the process up."""
    _, token = await house.bearer()
    async with house.api_channel() as channel:
        watch: Any = channel.unary_stream("/tillstream.oms.v1.OrderService/WatchOrders")
        call = watch(b"", metadata=(("authorization", f"Bearer {token}"),), timeout=20)
        reading = asyncio.ensure_future(call.read())
        health = health_pb2_grpc.HealthStub(channel)
        await health.Check(health_pb2.HealthCheckRequest(), timeout=10)
        async with asyncio.timeout(5):
            await house.api.stop()
        await asyncio.wait([reading], timeout=5)
        assert await call.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_taken_address_is_a_clear_error(house: House) -> None:
    """Which names the setting to change."""
    parts = ListenerParts(
        authority=house.authority,
        platform=house.core.platform,
        clock=house.clock,
        seams=ChokePointSeams(clock=house.clock, randomness=house.tokens.randomness, telemetry=house.telemetry),
        names=(),
    )
    plan = ListenerPlan(listener=Listener.API, host="127.0.0.1", port=house.api.port, services=())
    with pytest.raises(Permanent) as refused:
        await start_listener(plan, parts)
    assert (refused.value.reason, refused.value.path) == (Reason.SETTINGS_INVALID, "api.port")
