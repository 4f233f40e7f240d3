"""Credentials: nobody gives what he has not got, tokens open what they say until they end, and nothing tells why one does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Scope, Tenant
from core_service.setup.credentials import create_credential, create_platform_credential, revoke_credential
from core_service.setup.desk import Desk
from core_service.setup.sign_in import check_not_revoked, sign_in
from core_service.setup.tenants import put_tenant
from tests.core_service.setup.desks import RIVAL, TENANT, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as opened:
        yield opened


async def test_a_token_signs_its_credential_in(desk: Desk) -> None:
    """With tenant and scopes; only a hash of its secret is kept."""
    made = await create_credential(desk, "OMS", ["orders:read", "orders:write"], None)
    signed_in = await sign_in(desk.core.platform, f"Bearer {made.token}")
    assert signed_in == made.credential
    assert (signed_in.tenant, signed_in.scopes) == (TENANT, frozenset({Scope.ORDERS_READ, Scope.ORDERS_WRITE}))
    assert made.token.rpartition("_")[2].encode() not in signed_in.secret_hash


async def test_nobody_gives_a_scope_that_he_has_not(desk: Desk) -> None:
    """Whatever he may set up besides."""
    giver = (await create_credential(desk, "admin", ["setup:write", "orders:read"], None)).credential
    given = await create_credential(desk, "reader", ["orders:read"], giver)
    assert given.credential.scopes == {Scope.ORDERS_READ}
    with pytest.raises(AuthenticationFailed) as refused:
        await create_credential(desk, "more", ["orders:read", "orders:write"], giver)
    assert (refused.value.reason, refused.value.path) == (Reason.SCOPE_MISSING, "scopes")
    assert "orders:write" in refused.value.sentence


@pytest.mark.parametrize("scopes", [["platform:admin"], ["orders:*"], [""], ["orders:read", "x"]])
async def test_unknown_scopes_and_the_platforms_are_refused(desk: Desk, scopes: list[str]) -> None:
    """No tenant's credential may do the platform's work."""
    with pytest.raises(Permanent) as refused:
        await create_credential(desk, "x", scopes, None)
    assert refused.value.path == f"scopes[{len(scopes) - 1}]"


async def test_a_credential_has_a_name_and_a_scope(desk: Desk) -> None:
    """Or it is none."""
    with pytest.raises(Permanent) as unnamed:
        await create_credential(desk, "", ["orders:read"], None)
    with pytest.raises(Permanent) as unscoped:
        await create_credential(desk, "x", [], None)
    assert (unnamed.value.path, unscoped.value.path) == ("name", "scopes")


async def test_the_platforms_credential_has_no_tenant(desk: Desk) -> None:
    """And one scope."""
    made = await create_platform_credential(desk.core, (desk.clock, desk.randomness), "root", ["platform:admin"])
    signed_in = await sign_in(desk.core.platform, f"bearer {made.token}")
    assert (signed_in.tenant, signed_in.scopes) == ("", frozenset({Scope.PLATFORM_ADMIN}))


async def test_an_ended_credential_opens_nothing_any_more(desk: Desk) -> None:
    """At once, on open streams too; ending it again changes nothing."""
    made = await create_credential(desk, "OMS", ["orders:read"], None)
    await check_not_revoked(desk.core.platform, made.credential)
    for _ in range(2):
        assert (await revoke_credential(desk, made.credential.credential)).revoked
    for asking in (
        sign_in(desk.core.platform, f"Bearer {made.token}"),
        check_not_revoked(desk.core.platform, made.credential),
    ):
        with pytest.raises(AuthenticationFailed) as refused:
            await asking
        assert refused.value.reason is Reason.CREDENTIAL_INVALID


async def test_another_tenant_ends_nothing_of_ours(desk: Desk) -> None:
    """It does not even learn that it exists."""
    made = await create_credential(desk, "OMS", ["orders:read"], None)
    with pytest.raises(Permanent) as refused:
        await revoke_credential(replace(desk, tenant=RIVAL), made.credential.credential)
    assert refused.value.reason is Reason.NOT_FOUND
    await sign_in(desk.core.platform, f"Bearer {made.token}")


async def test_everything_that_is_wrong_is_answered_alike(desk: Desk) -> None:
    """No oracle: unknown credential, wrong secret, another scheme, rubbish."""
    made = await create_credential(desk, "OMS", ["orders:read"], None)
    unknown = f"tsk_{'a' * 16}_{'b' * 52}"
    sentences = set()
    for header in (
        f"Bearer {unknown}",
        f"Bearer {made.token[:-1]}7",
        f"Basic {made.token}",
        "Bearer",
        made.token,
        "Bearer tsk_",
    ):
        with pytest.raises(AuthenticationFailed) as refused:
            await sign_in(desk.core.platform, header)
        sentences.add(str(refused.value))
    assert len(sentences) == 1
    for empty in (None, ""):
        with pytest.raises(AuthenticationFailed) as missing:
            await sign_in(desk.core.platform, empty)
        assert missing.value.reason is Reason.CREDENTIAL_MISSING


async def test_a_tenant_is_created_and_renamed(desk: Desk) -> None:
    """By a short id and a name."""
    for name in ("New", "Newer"):
        await put_tenant(desk.core, Tenant(tenant="new", name=name))
    assert await desk.core.platform.tenant("new") == Tenant(tenant="new", name="Newer")
    for tenant, path in (
        (Tenant(tenant="New!", name="x"), "tenant.tenant"),
        (Tenant(tenant="x", name=""), "tenant.name"),
    ):
        with pytest.raises(Permanent) as refused:
            await put_tenant(desk.core, tenant)
        assert refused.value.path == path
