"""AdminService: the OMS contract's messages in, use cases of `core_service.setup` called, records without their secrets out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc

from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.domain.setup import Tenant
from core_service.grpc_api import admin_messages as told
from core_service.grpc_api import caller, convert
from core_service.grpc_api.paging import read_page
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.catalogue import put_skus
from core_service.setup.credentials import create_credential, revoke_credential
from core_service.setup.desk import Arrival, Desk, nobody_waits
from core_service.setup.shops import put_location, put_store
from core_service.setup.tenants import put_tenant
from core_service.setup.tills import issue_till_key, put_till
from tillstream.oms.v1 import admin_service_pb2 as wire
from tillstream.oms.v1 import admin_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSeams:
    """What is injected; `arrived` is told of what parked messages may have waited for."""

    clock: Clock
    randomness: Randomness
    arrived: Arrival = nobody_waits


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """Sets up what sales and orders refer to. The tenant is the credential's."""

    def __init__(self, core: CoreStore, seams: AdminSeams) -> None:
        self._core = core
        self._seams = seams

    async def PutTenant(self, request: wire.PutTenantRequest, context: Context) -> wire.PutTenantResponse:
        """Create a tenant or change its name."""
        wanted = Tenant(tenant=request.tenant.tenant, name=request.tenant.name)
        return wire.PutTenantResponse(tenant=told.tenant(await put_tenant(self._core, wanted)))

    async def ListTenants(self, request: wire.ListTenantsRequest, context: Context) -> wire.ListTenantsResponse:
        """List tenants by id."""
        page = read_page(("tenants",), request.page_size, request.page_token)
        found = await self._core.platform.tenants(page.after[0], page.limit)
        shown, token = page.cut(found, lambda tenant: (tenant.tenant,))
        return wire.ListTenantsResponse(tenants=map(told.tenant, shown), next_page_token=token)

    async def PutStore(self, request: wire.PutStoreRequest, context: Context) -> wire.PutStoreResponse:
        """Create or replace a store and the location of its stock."""
        store, location = await put_store(self._desk(), told.store_draft(request.store))
        return wire.PutStoreResponse(store=told.store(store, location))

    async def ListStores(self, request: wire.ListStoresRequest, context: Context) -> wire.ListStoresResponse:
        """List stores by id."""
        page = read_page(("stores",), request.page_size, request.page_token)
        async with self._core.read(caller.credential().tenant) as uow:
            found = await uow.stores.list(page.after[0], page.limit)
            shown, token = page.cut(found, lambda store: (store.store,))
            stores = [told.store(store, await uow.locations.get(store.store)) for store in shown]
        return wire.ListStoresResponse(stores=stores, next_page_token=token)

    async def PutLocation(self, request: wire.PutLocationRequest, context: Context) -> wire.PutLocationResponse:
        """Create or replace a warehouse."""
        location = await put_location(self._desk(), told.location_draft(request.location))
        return wire.PutLocationResponse(location=told.location(location))

    async def ListLocations(self, request: wire.ListLocationsRequest, context: Context) -> wire.ListLocationsResponse:
        """List locations by id, stores' among them."""
        page = read_page(("locations",), request.page_size, request.page_token)
        async with self._core.read(caller.credential().tenant) as uow:
            found = await uow.locations.list(page.after[0], page.limit)
        shown, token = page.cut(found, lambda location: (location.location,))
        return wire.ListLocationsResponse(locations=map(told.location, shown), next_page_token=token)

    async def BatchPutSkus(self, request: wire.BatchPutSkusRequest, context: Context) -> wire.BatchPutSkusResponse:
        """Create or replace SKUs, all or none."""
        count = await put_skus(self._desk(), [told.sku_draft(sku) for sku in request.skus])
        return wire.BatchPutSkusResponse(count=count)

    async def ListSkus(self, request: wire.ListSkusRequest, context: Context) -> wire.ListSkusResponse:
        """List SKUs by id."""
        page = read_page(("skus",), request.page_size, request.page_token)
        async with self._core.read(caller.credential().tenant) as uow:
            found = await uow.skus.list(page.after[0], page.limit)
        shown, token = page.cut(found, lambda sku: (sku.sku,))
        return wire.ListSkusResponse(skus=map(told.sku, shown), next_page_token=token)

    async def PutTill(self, request: wire.PutTillRequest, context: Context) -> wire.PutTillResponse:
        """Create or replace a till."""
        till = await put_till(self._desk(), told.till_draft(request.till))
        return wire.PutTillResponse(till=told.till(till))

    async def ListTills(self, request: wire.ListTillsRequest, context: Context) -> wire.ListTillsResponse:
        """List tills by store and id."""
        store = convert.text(request.store, "store")
        page = read_page(("tills", store), request.page_size, request.page_token, parts=2)
        after = (page.after[0], page.after[1])
        async with self._core.read(caller.credential().tenant) as uow:
            found = await uow.tills.list(store, after, page.limit)
        shown, token = page.cut(found, lambda till: (till.store, till.till))
        return wire.ListTillsResponse(tills=map(told.till, shown), next_page_token=token)

    async def IssueTillKey(self, request: wire.IssueTillKeyRequest, context: Context) -> wire.IssueTillKeyResponse:
        """Issue a till's key."""
        store, till = convert.required(request.store, "store"), convert.required(request.till, "till")
        issued = await issue_till_key(self._desk(), store, till, request.overlap_seconds)
        return wire.IssueTillKeyResponse(api_key=issued.api_key)

    async def CreateCredential(
        self, request: wire.CreateCredentialRequest, context: Context
    ) -> wire.CreateCredentialResponse:
        """Create a credential with scopes that the caller has."""
        made = await create_credential(self._desk(), request.name, request.scopes, caller.credential())
        return wire.CreateCredentialResponse(credential=told.credential(made.credential), token=made.token)

    async def ListCredentials(
        self, request: wire.ListCredentialsRequest, context: Context
    ) -> wire.ListCredentialsResponse:
        """List credentials by id, without their secrets."""
        page = read_page(("credentials",), request.page_size, request.page_token)
        async with self._core.read(caller.credential().tenant) as uow:
            found = await uow.credentials.list(page.after[0], page.limit)
        shown, token = page.cut(found, lambda credential: (credential.credential,))
        return wire.ListCredentialsResponse(credentials=map(told.credential, shown), next_page_token=token)

    async def RevokeCredential(
        self, request: wire.RevokeCredentialRequest, context: Context
    ) -> wire.RevokeCredentialResponse:
        """End a credential at once."""
        revoked = await revoke_credential(self._desk(), convert.required(request.credential, "credential"))
        return wire.RevokeCredentialResponse(credential=told.credential(revoked))

    def _desk(self) -> Desk:
        credential = caller.credential()
        return Desk(
            core=self._core,
            clock=self._seams.clock,
            randomness=self._seams.randomness,
            tenant=credential.tenant,
            actor=f"credential:{credential.credential}",
            arrived=self._seams.arrived,
        )
