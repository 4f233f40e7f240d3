"""What every store promises to the platform: tenants with keys of their own, signing in before the tenant is known, shutting out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.errors import Permanent
from core_service.domain.fleet import AgentIdentity
from core_service.domain.setup import Scope, Tenant
from core_service.ports.unit_of_work import CoreStore
from tests.contracts import records, setup_records

_AGENT = AgentIdentity(tenant="acme", store="high-street", agent="agt_1")


class PlatformContract:
    """Tenants, directories and the deny-list."""

    async def test_tenants_are_put_renamed_and_listed(self, core: CoreStore) -> None:
        """A renamed tenant keeps its key, so that what it sealed still opens."""
        async with core.begin("acme") as uow:
            await uow.raw.put([("raw_1", b"x")])
            await uow.commit()
        await core.platform.put_tenant(Tenant(tenant="acme", name="Acme plc"))
        await core.platform.put_tenant(Tenant(tenant="zest", name="Zest"))
        assert await core.platform.tenant("acme") == Tenant(tenant="acme", name="Acme plc")
        assert await core.platform.tenant("nobody") is None
        assert [tenant.tenant for tenant in await core.platform.tenants("", 10)] == ["acme", "bolt", "zest"]
        assert [tenant.tenant for tenant in await core.platform.tenants("acme", 1)] == ["bolt"]
        async with core.read("acme") as uow:
            assert await uow.raw.get("raw_1") == b"x"

    async def test_a_tenant_needs_an_id(self, core: CoreStore) -> None:
        """The empty tenant is the platform itself."""
        with pytest.raises(Permanent):
            await core.platform.put_tenant(Tenant(tenant="", name="Nobody"))

    async def test_a_credential_is_found_whoevers_it_is(self, core: CoreStore) -> None:
        """Of a tenant or of the platform; a tenant never sees the platform's."""
        platforms = replace(setup_records.credential("crd_p", ""), scopes=frozenset({Scope.PLATFORM_ADMIN}))
        await core.platform.add_platform_credential(platforms)
        async with core.begin("acme") as uow:
            await uow.credentials.add(setup_records.credential("crd_1", "acme"))
            assert await uow.credentials.get("crd_p") is None
            assert await uow.credentials.list("", 10) == [setup_records.credential("crd_1", "acme")]
            await uow.commit()
        assert await core.platform.credential("crd_1") == setup_records.credential("crd_1", "acme")
        assert await core.platform.credential("crd_p") == platforms
        assert await core.platform.credential("crd_x") is None

    async def test_a_credential_id_belongs_to_one_tenant(self, core: CoreStore) -> None:
        """Signing in could not tell two apart."""
        async with core.begin("acme") as uow:
            await uow.credentials.add(setup_records.credential("crd_1", "acme"))
            await uow.commit()
        with pytest.raises(Permanent):
            async with core.begin("bolt") as uow:
                await uow.credentials.add(setup_records.credential("crd_1", "bolt"))
        assert await core.platform.credential("crd_1") == setup_records.credential("crd_1", "acme")

    async def test_a_platform_credential_names_no_tenant(self, core: CoreStore) -> None:
        """It would be found by nobody."""
        with pytest.raises(Permanent):
            await core.platform.add_platform_credential(setup_records.credential("crd_1", "acme"))

    async def test_a_join_token_tells_its_tenant(self, core: CoreStore) -> None:
        """Enrolment begins before the tenant is known."""
        async with core.begin("bolt") as uow:
            await uow.fleet.add_token(setup_records.token())
            await uow.commit()
        assert await core.platform.token_tenant(setup_records.token().token_hash) == "bolt"
        assert await core.platform.token_tenant(b"unknown") is None

    async def test_fault_057_a_revoked_agent_is_shut_out(self, core: CoreStore) -> None:
        """Unknown is not revoked; another store's or another agent's certificate is no way in; other tenants are untouched."""
        assert await core.platform.agent_revoked(_AGENT, "0a1b") is None
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.fleet.put_agent(setup_records.agent())
                await uow.fleet.add_certificate(setup_records.certificate())
                await uow.fleet.add_certificate(replace(setup_records.certificate("0c"), agent="agt_2"))
                await uow.commit()
        assert await core.platform.agent_revoked(_AGENT, "0a1b") is False
        assert await core.platform.agent_revoked(_AGENT, "not-on-record") is False
        assert await core.platform.agent_revoked(_AGENT, "0c") is True
        assert await core.platform.agent_revoked(replace(_AGENT, store="harbour"), "0a1b") is True
        async with core.begin("acme") as uow:
            await uow.fleet.put_agent(replace(setup_records.agent(), revoked_at=records.T0))
            await uow.commit()
        assert await core.platform.agent_revoked(_AGENT, "0a1b") is True
        assert await core.platform.agent_revoked(replace(_AGENT, tenant="bolt"), "0a1b") is False
