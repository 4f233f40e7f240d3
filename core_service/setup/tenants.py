"""Tenants: created and named by the platform alone."""

from __future__ import annotations

from core_service.domain.setup import Tenant
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.fields import label, slug


async def put_tenant(core: CoreStore, tenant: Tenant) -> Tenant:
    """Create a tenant with its own key for sealing, or change its name; raises Permanent with the path of a wrong field."""
    checked = Tenant(tenant=slug(tenant.tenant, "tenant.tenant"), name=label(tenant.name, "tenant.name"))
    await core.platform.put_tenant(checked)
    return checked
