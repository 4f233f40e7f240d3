"""Every RPC, called by everybody who may not: refused before its handler, and nothing in the database has changed (faults rows 55, 56)."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import grpc
import pytest

from core_service.domain.setup import Scope
from core_service.fleet.certificates import CertificateAuthority
from core_service.grpc_api.access import ACCESS, Proof
from core_service.setup.credentials import OF_A_TENANT, revoke_credential
from tests.core_service.grpc_api.forged import Forgery, forged
from tests.core_service.grpc_api.house import RIVAL, TENANT, House, contents, open_house
from tests.core_service.grpc_api.methods import Metadata, Method, every_method, reason_of

METHODS = every_method()
OF_AGENTS = [method for method in METHODS if method.demand is Proof.AGENT_CERTIFICATE]
WITH_CREDENTIALS = [method for method in METHODS if isinstance(method.demand, Scope)]
OPEN = [method for method in METHODS if method.demand in {Proof.JOIN_TOKEN, Proof.OLD_KEY}]

UNAUTHENTICATED = ("UNAUTHENTICATED", "CREDENTIAL_MISSING"), ("UNAUTHENTICATED", "CREDENTIAL_INVALID")
DENIED = ("PERMISSION_DENIED", "SCOPE_MISSING")
NOT_HERE = ("UNAUTHENTICATED", "CREDENTIAL_MISSING"), ("UNIMPLEMENTED", "")
"""On the other listener a method is refused, or does not exist."""

Presenting: TypeAlias = Callable[[House, Method], Awaitable[Metadata]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def outcome(
    method: Method, channel: grpc.aio.Channel, metadata: Metadata = (), raw: bytes = b""
) -> tuple[str, str]:
    """Return (code, reason) of a call that is refused; a call that is answered fails the test."""
    try:
        answer = await method.call(channel, metadata, raw)
    except grpc.aio.AioRpcError as error:
        return error.code().name, reason_of(error)
    raise AssertionError(f"{method.name} answered {answer!r}")


async def no_header(_house: House, _method: Method) -> Metadata:
    return ()


async def garbage(_house: House, _method: Method) -> Metadata:
    return (("authorization", "Bearer tsk_"),)


async def other_scheme(house: House, _method: Method) -> Metadata:
    _, token = await house.bearer()
    return (("authorization", f"Basic {token}"),)


async def wrong_secret(house: House, _method: Method) -> Metadata:
    _, token = await house.bearer()
    last = "b" if token[-1] == "a" else "a"
    return (("authorization", f"Bearer {token[:-1]}{last}"),)


async def secret_of_another(house: House, _method: Method) -> Metadata:
    mine, _ = await house.bearer()
    _, token = await house.bearer()
    return (("authorization", f"Bearer tsk_{mine.credential}_{token.rpartition('_')[2]}"),)


async def revoked(house: House, _method: Method) -> Metadata:
    credential, token = await house.bearer()
    await revoke_credential(house.desk(), credential.credential)
    return (("authorization", f"Bearer {token}"),)


async def two_headers(house: House, _method: Method) -> Metadata:
    _, token = await house.bearer()
    return (("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}"))


async def without_the_scope(house: House, method: Method) -> Metadata:
    if method.demand is Scope.PLATFORM_ADMIN:
        _, token = await house.bearer()
    else:
        _, token = await house.bearer(*(OF_A_TENANT - {method.demand}))
    return (("authorization", f"Bearer {token}"),)


async def of_the_wrong_side(house: House, method: Method) -> Metadata:
    """The platform's credential on a tenant's method, and the other way round: even with the scope's name in it."""
    credential, token = await house.bearer(tenant=TENANT if method.demand is Scope.PLATFORM_ADMIN else "")
    assert method.demand is not None
    everything = dataclasses.replace(credential, credential=f"{credential.credential}x", scopes=frozenset(Scope))
    if everything.tenant:
        async with house.core.begin(everything.tenant) as uow:
            await uow.credentials.add(everything)
            await uow.commit()
    else:
        await house.core.platform.add_platform_credential(everything)
    return (("authorization", f"Bearer {token.replace(credential.credential, everything.credential)}"),)


API_CALLERS: dict[str, tuple[Presenting, tuple[tuple[str, str], ...]]] = {
    "nobody": (no_header, UNAUTHENTICATED),
    "garbage": (garbage, UNAUTHENTICATED),
    "another scheme": (other_scheme, UNAUTHENTICATED),
    "a wrong secret": (wrong_secret, UNAUTHENTICATED),
    "the secret of another credential": (secret_of_another, UNAUTHENTICATED),
    "an ended credential": (revoked, UNAUTHENTICATED),
    "two credentials at once": (two_headers, UNAUTHENTICATED),
    "a credential without the scope": (without_the_scope, (DENIED,)),
    "the platform for a tenant, a tenant for the platform": (of_the_wrong_side, (DENIED,)),
}


def test_every_rpc_stands_in_the_table_and_nothing_else_does() -> None:
    """Deny by default is no excuse for a forgotten row."""
    of_others = {name for name in ACCESS if not name.startswith("/tillstream.")}
    assert {method.name for method in METHODS} == set(ACCESS) - of_others
    assert all(ACCESS[name] is Proof.NOTHING for name in of_others)
    assert len(METHODS) == len(OF_AGENTS) + len(WITH_CREDENTIALS) + len(OPEN) > 30


@pytest.mark.parametrize("who", API_CALLERS)
async def test_fault_056_no_rpc_of_the_api_lets_a_wrong_credential_in(house: House, who: str) -> None:
    """Refused by the choke-point, and no row of any table has changed."""
    presenting, expected = API_CALLERS[who]
    presented = {method.name: await presenting(house, method) for method in WITH_CREDENTIALS}
    before = await contents(house.core)
    async with house.api_channel() as channel:
        for method in WITH_CREDENTIALS:
            assert await outcome(method, channel, presented[method.name]) in expected, method.name
    assert await contents(house.core) == before


async def test_fault_056_an_agents_certificate_opens_nothing_on_the_api_listener(house: House) -> None:
    """The API listener never asks for client certificates: one that is offered counts for nothing, on agents' methods too."""
    enrolled, key = await house.enrolled()
    before = await contents(house.core)
    credentials = grpc.ssl_channel_credentials(house.authority.bundle_pem, key, enrolled.issued.certificate_pem)
    async with grpc.aio.secure_channel(f"localhost:{house.api.port}", credentials) as channel:
        for method in [*WITH_CREDENTIALS, *OF_AGENTS]:
            assert await outcome(method, channel) in NOT_HERE, method.name
    assert await contents(house.core) == before


async def test_fault_056_a_credential_does_not_make_an_agent(house: House) -> None:
    """Agents' methods on the API listener refuse every scope there is."""
    _, token = await house.bearer()
    before = await contents(house.core)
    async with house.api_channel() as channel:
        for method in OF_AGENTS:
            assert await outcome(method, channel, (("authorization", f"Bearer {token}"),)) in NOT_HERE, method.name
    assert await contents(house.core) == before


async def test_fault_056_agents_call_nothing_but_agents_methods(house: House) -> None:
    """On the agents' listener all other methods are refused, though they be served there, and though a credential come along."""
    enrolled, key = await house.enrolled()
    _, token = await house.bearer()
    before = await contents(house.core)
    async with house.agent_channel(enrolled, key) as channel:
        for method in OPEN:
            assert await outcome(method, channel) == DENIED, method.name
        for method in WITH_CREDENTIALS:
            code, _ = await outcome(method, channel, (("authorization", f"Bearer {token}"),))
            assert code == "UNIMPLEMENTED", method.name
    assert await contents(house.core) == before


@pytest.mark.parametrize("forgery", list(Forgery))
async def test_fault_055_no_certificate_but_the_agents_own_reaches_a_handler(
    house: House, forgery: Forgery, tmp_path: Path
) -> None:
    """Refused by the handshake or by the choke-point, and no row of any table has changed."""
    shown = await forged(forgery, house, tmp_path)
    before = await contents(house.core)
    for method in OF_AGENTS:
        async with shown.channel(house) as channel:
            assert await outcome(method, channel) in shown.expected, method.name
    assert await contents(house.core) == before


async def test_open_methods_take_no_wrong_proof(house: House, tmp_path: Path) -> None:
    """Enrolment and recovery are open to all: without their proof they do nothing."""
    other = CertificateAuthority.open(tmp_path / "other", house.clock, house.tokens.randomness)
    assert other.bundle_pem != house.authority.bundle_pem
    before = await contents(house.core)
    async with house.api_channel() as channel:
        for method in OPEN:
            code, reason = await outcome(method, channel)
            assert (code, reason) in {("INVALID_ARGUMENT", "CSR_INVALID"), ("UNAUTHENTICATED", "CERTIFICATE_REFUSED")}
    assert await contents(house.core) == before


async def test_the_right_caller_reaches_every_handler(house: House) -> None:
    """What proves that the refusals above are the choke-point's: with the right proof the same empty request gets further."""
    enrolled, key = await house.enrolled()
    _, token = await house.bearer()
    _, platform_token = await house.bearer(tenant="")
    async with house.api_channel() as api, house.agent_channel(enrolled, key) as agents:
        for method in [*WITH_CREDENTIALS, *OF_AGENTS]:
            bearer = platform_token if method.demand is Scope.PLATFORM_ADMIN else token
            channel = agents if method in OF_AGENTS else api
            try:
                await method.call(channel, (("authorization", f"Bearer {bearer}"),), seconds=2.0)
            except grpc.aio.AioRpcError as error:
                refused = {
                    "CREDENTIAL_MISSING",
                    "CREDENTIAL_INVALID",
                    "SCOPE_MISSING",
                    "CERTIFICATE_REFUSED",
                    "INTERNAL",
                }
                assert reason_of(error) not in refused, (method.name, error.details())  # noqa: PT017 - an error is one of two right answers
                assert error.code() is not grpc.StatusCode.UNKNOWN  # noqa: PT017


async def test_fault_062_another_tenants_credential_touches_nothing_of_ours(house: House) -> None:
    """The same names in both tenants: whatever the rival asks for by our names, our rows stay as they are."""
    enrolled, _ = await house.enrolled()
    await house.enrolled(tenant=RIVAL)
    _, token = await house.bearer(tenant=RIVAL)
    names = {"agent": enrolled.identity.agent, "store": enrolled.identity.store}
    before = await of_tenant(house, TENANT)
    async with house.api_channel() as channel:
        for method in WITH_CREDENTIALS:
            if method.response_streaming or method.demand is Scope.PLATFORM_ADMIN:
                continue
            request = filled(method, names)
            try:
                await method.call(channel, (("authorization", f"Bearer {token}"),), request)
            except grpc.aio.AioRpcError as error:
                assert reason_of(error) not in {"", "INTERNAL"}, (method.name, error.details())  # noqa: PT017
    assert await of_tenant(house, TENANT) == before


async def of_tenant(house: House, tenant: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows that name a tenant."""
    rows = await contents(house.core)
    return {table: [row for row in found if tenant in row] for table, found in rows.items()}


def filled(method: Method, names: dict[str, str]) -> bytes:
    """Return a request whose text fields hold our names, or something plausible."""
    from google.protobuf.message_factory import GetMessageClass

    message = GetMessageClass(method.request)()
    for field in method.request.fields:
        if field.cpp_type == field.CPPTYPE_STRING and not field.is_repeated and field.type != field.TYPE_BYTES:
            setattr(message, field.name, names.get(field.name, "" if "token" in field.name else "plausible"))
    return bytes(message.SerializeToString())
