"""AdminService over the wire: what is put is listed, secrets never come back, errors name their field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from core_service.domain.setup import Scope
from tests.core_service.grpc_api.house import RIVAL, TENANT, House, open_house
from tillstream.oms.v1 import admin_service_pb2 as wire
from tillstream.oms.v1.admin_service_pb2_grpc import AdminServiceStub

SECRET = "whsec_" + "A" * 32


class Admin:
    """A client that has signed in."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub: Any = AdminServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def ask(self, request: Message) -> Any:
        """Call the method whose request this is."""
        name = type(request).__name__.removesuffix("Request")
        return await getattr(self._stub, name)(request, metadata=self._metadata, timeout=10)

    async def refusal(self, request: Message) -> tuple[str, str, str]:
        """Return (code, reason, path) of a refused request."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.ask(request)
        status, info = rpc_status.from_call(refused.value), error_details_pb2.ErrorInfo()
        assert status.details[0].Unpack(info)
        return refused.value.code().name, info.reason, info.metadata["path"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Admin]:
    _, token = await house.bearer()
    async with house.api_channel() as channel:
        yield Admin(channel, token)


async def test_stores_locations_skus_and_tills_are_put_and_listed(admin: Admin) -> None:
    """As written, the defaults filled in."""
    store = wire.Store(
        store="york",
        name="York",
        time_zone="Europe/London",
        closing_time="04:30",
        currency_code="GBP",
        core_share_percent=25,
        latitude="53.9590",
        longitude="-1.0815",
        country_code="GB",
    )
    assert (await admin.ask(wire.PutStoreRequest(store=store))).store == store
    assert [listed.store for listed in (await admin.ask(wire.ListStoresRequest())).stores] == ["leeds", "york"]
    assert (await admin.ask(wire.ListStoresRequest())).stores[1] == store
    sku = wire.Sku(sku="MUG", name="Mug", gtins=["4006381333931"], aliases=["becher"])
    assert (await admin.ask(wire.BatchPutSkusRequest(skus=[sku]))).count == 1
    assert list((await admin.ask(wire.ListSkusRequest())).skus) == [sku]
    till = wire.Till(store="york", till="till-1", dialect="plain")
    assert (await admin.ask(wire.PutTillRequest(till=till))).till == till
    assert list((await admin.ask(wire.ListTillsRequest(store="york"))).tills) == [till]
    assert not (await admin.ask(wire.ListTillsRequest(store="leeds"))).tills
    assert (await admin.ask(wire.IssueTillKeyRequest(store="york", till="till-1"))).api_key.startswith("tst_")


async def test_secrets_never_come_back(admin: Admin) -> None:
    """Neither from Put nor from List."""
    location = wire.Location(
        location="dc", name="DC", kind=wire.LOCATION_KIND_WAREHOUSE, wms_url="https://wms.example", wms_secret=SECRET
    )
    till = wire.Till(store="leeds", till="till-1", dialect="square", webhook_secret="s3cret")
    answers = [
        await admin.ask(wire.PutLocationRequest(location=location)),
        await admin.ask(wire.ListLocationsRequest()),
        await admin.ask(wire.PutTillRequest(till=till)),
        await admin.ask(wire.ListTillsRequest()),
        await admin.ask(wire.ListCredentialsRequest()),
    ]
    told = b"".join(answer.SerializeToString() for answer in answers)
    assert b"https://wms.example" in told
    assert SECRET.encode() not in told
    assert b"s3cret" not in told


async def test_pages_go_on_where_the_one_before_ended(admin: Admin) -> None:
    """By id; a token of another listing is refused."""
    skus = [wire.Sku(sku=f"S{number}", name="x") for number in range(5)]
    await admin.ask(wire.BatchPutSkusRequest(skus=skus))
    names, token = [], ""
    while True:
        page = await admin.ask(wire.ListSkusRequest(page_size=2, page_token=token))
        names.append([sku.sku for sku in page.skus])
        token = page.next_page_token
        if not token:
            break
        other = token
    assert names == [["S0", "S1"], ["S2", "S3"], ["S4"]]
    assert await admin.refusal(wire.ListStoresRequest(page_token=other)) == (
        "INVALID_ARGUMENT",
        "PAGE_TOKEN_INVALID",
        "page_token",
    )


@pytest.mark.parametrize(
    ("request_", "reason", "path"),
    [
        (wire.PutStoreRequest(), "FIELD_INVALID", "store.store"),
        (wire.PutLocationRequest(location=wire.Location(location="dc", name="DC")), "FIELD_INVALID", "location.kind"),
        (wire.BatchPutSkusRequest(), "FIELD_INVALID", "skus"),
        (
            wire.BatchPutSkusRequest(skus=[wire.Sku(sku="A", name="A", gtins=["1"])]),
            "FIELD_INVALID",
            "skus[0].gtins[0]",
        ),
        (wire.PutTillRequest(till=wire.Till(store="leeds", till="t", dialect="x")), "DIALECT_UNKNOWN", "till.dialect"),
        (wire.IssueTillKeyRequest(store="leeds", till="a\0b"), "TEXT_NOT_STORABLE", "till"),
        (wire.IssueTillKeyRequest(store="leeds"), "FIELD_MISSING", "till"),
        (wire.CreateCredentialRequest(name="x", scopes=["all"]), "FIELD_INVALID", "scopes[0]"),
        (wire.ListStoresRequest(page_size=501), "FIELD_INVALID", "page_size"),
    ],
)
async def test_wrong_fields_are_named(admin: Admin, request_: Message, reason: str, path: str) -> None:
    """With the reason and the path of the field."""
    assert await admin.refusal(request_) == ("INVALID_ARGUMENT", reason, path)


async def test_a_credential_gives_only_what_it_has_and_ends_at_once(house: House) -> None:
    """The new token works until it is revoked."""
    _, token = await house.bearer(Scope.SETUP_WRITE, Scope.SETUP_READ)
    async with house.api_channel() as channel:
        admin = Admin(channel, token)
        refused = await admin.refusal(wire.CreateCredentialRequest(name="x", scopes=["orders:read"]))
        assert refused == ("PERMISSION_DENIED", "SCOPE_MISSING", "scopes")
        made = await admin.ask(wire.CreateCredentialRequest(name="reader", scopes=["setup:read"]))
        reader = Admin(channel, made.token)
        listed = (await reader.ask(wire.ListCredentialsRequest())).credentials
        assert made.credential in listed
        await admin.ask(wire.RevokeCredentialRequest(credential=made.credential.credential))
        assert (await reader.refusal(wire.ListCredentialsRequest()))[:2] == ("UNAUTHENTICATED", "CREDENTIAL_INVALID")


async def test_tenants_are_the_platforms_and_nothing_else_is(house: House) -> None:
    """Its credential creates and lists tenants."""
    _, token = await house.bearer(tenant="")
    async with house.api_channel() as channel:
        platform = Admin(channel, token)
        await platform.ask(wire.PutTenantRequest(tenant=wire.Tenant(tenant="new", name="New")))
        names = [tenant.tenant for tenant in (await platform.ask(wire.ListTenantsRequest())).tenants]
        assert names == sorted([TENANT, RIVAL, "new"])
        assert (await platform.refusal(wire.ListStoresRequest()))[1] == "SCOPE_MISSING"
