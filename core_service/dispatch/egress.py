"""Where the core may call out to: an address in, yes or URL_FORBIDDEN out; keeps dispatches away from the inside of the network.

Faults row 71: cloud metadata (169.254.169.254), loopback, private ranges, names that resolve to them, and redirects there. Names are resolved
here and the connection is made to the very address that was checked, so that a second answer of the DNS changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

import httpx2

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns the IP addresses of a host name."""

_SENTENCE = "Tillstream does not call addresses inside its own network; name a public address, or allow this one in [egress] allowed_networks."


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the machine's resolver gives, within 5 seconds."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(5):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        raise Transient(
            Reason.WMS_UNREACHABLE, f"The name {host} cannot be resolved now; tried again later."
        ) from error
    return sorted({str(address[4][0]) for address in found})


class Egress:
    """The list of what may be called: every public address, and the networks that the settings allow."""

    def __init__(self, allowed_networks: Iterable[str], look_up: Resolve = resolve) -> None:
        self._allowed = [ipaddress.ip_network(network) for network in allowed_networks]
        self._look_up = look_up

    async def check(self, url: str) -> tuple[str, ...]:
        """Return the addresses that `url` may be reached at; raise Permanent(URL_FORBIDDEN) when any of them is inside."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise Permanent(Reason.URL_FORBIDDEN, "Give an http or https address without user name or password.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self._look_up(parts.hostname, port)
        for address in addresses:
            if not self.allows(address):
                raise Permanent(Reason.URL_FORBIDDEN, f"{parts.hostname} is at {address}. {_SENTENCE}")
        return tuple(addresses)

    def allows(self, address: str) -> bool:
        """Whether an IP address may be called."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        ip = mapped or ip
        return (ip.is_global and not ip.is_multicast) or any(ip in network for network in self._allowed)


class CheckedTransport(httpx2.AsyncBaseTransport):
    """An HTTP transport that asks the Egress before each request and connects to the address that was checked."""

    def __init__(self, egress: Egress, inner: httpx2.AsyncBaseTransport) -> None:
        self._egress = egress
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Check, pin the address (keeping Host and the TLS name), and pass on."""
        host = request.url.host
        address = (await self._egress.check(str(request.url)))[0]
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()
