"""Promises of core_service/dispatch/egress.py (faults row 71)."""

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.dispatch.egress import Egress


def resolving(*addresses: str):
    async def look_up(_: str, __: int) -> list[str]:
        return list(addresses)

    return look_up


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "::1", "fe80::1", "fd00::1", "0.0.0.0",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
async def test_fault_071_addresses_inside_the_network_are_refused(address: str) -> None:
    with pytest.raises(Permanent) as refused:
        await Egress([], resolving(address)).check("https://wms.example/api")
    assert refused.value.reason is Reason.URL_FORBIDDEN


async def test_fault_071_one_inside_address_among_public_ones_is_refused() -> None:
    with pytest.raises(Permanent):
        await Egress([], resolving("93.184.216.34", "10.0.0.1")).check("https://wms.example/")


async def test_a_public_address_is_returned_for_the_connection_to_be_pinned_to() -> None:
    assert await Egress([], resolving("93.184.216.34")).check("https://wms.example/") == ("93.184.216.34",)


async def test_a_network_that_the_settings_allow_may_be_called() -> None:
    assert await Egress(["127.0.0.0/8"], resolving("127.0.0.1")).check("http://localhost:8090/") == ("127.0.0.1",)


@pytest.mark.parametrize(
    "url", ["ftp://wms.example/", "file:///etc/passwd", "https://user:word@wms.example/", "https://"]
)
async def test_other_schemes_and_embedded_credentials_are_refused(url: str) -> None:
    with pytest.raises(Permanent) as refused:
        await Egress([], resolving("93.184.216.34")).check(url)
    assert refused.value.reason is Reason.URL_FORBIDDEN
