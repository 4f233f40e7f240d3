"""Who sends: request headers and the caller's address in, the till out; unknown, retired and nameless senders are told the next step.

Keys are 256 random bits, so their SHA-256 is looked up as it is and compared in constant time. The key itself is never kept or logged.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.errors import AuthenticationFailed, Transient
from adapters.reasons import Reason
from edge_agent.ports import Cache, CachedTill

_LONGEST_KEY = 512
_BEARER = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Finds the till of a request. `complete` says whether the core has ever told this agent everything."""

    cache: Cache
    complete: Callable[[], bool]
    loopback_without_key: bool = False

    async def till(self, headers: Mapping[str, str], client: str) -> CachedTill:
        """Return the till that may send.

        Raises AuthenticationFailed(CREDENTIAL_MISSING | CREDENTIAL_INVALID | TILL_UNKNOWN | TILL_RETIRED), Transient(NOT_READY) while
        the agent has not heard which tills there are.
        """
        key = _key(headers)
        if key:
            return await self._by_key(key)
        if self.loopback_without_key and is_loopback(client):
            return await self._by_name(headers.get("x-till", ""))
        raise AuthenticationFailed(
            Reason.CREDENTIAL_MISSING,
            "Send the till's key as `Authorization: Bearer tst_...`; `core-service till key` issues one.",
        )

    async def _by_key(self, key: str) -> CachedTill:
        wanted = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        till = await self.cache.till_by_key(wanted)
        if till is None or not any(hmac.compare_digest(wanted, known) for known in till.api_key_hashes):
            self._refuse_unheard()
            raise AuthenticationFailed(
                Reason.CREDENTIAL_INVALID,
                "No till of this store has this key: issue one with `core-service till key`, and check the till's settings.",
            )
        return _selling(till)

    async def _by_name(self, name: str) -> CachedTill:
        if not name:
            raise AuthenticationFailed(
                Reason.CREDENTIAL_MISSING, "Without a key, name the till in the header `X-Till`."
            )
        till = await self.cache.till(name)
        if till is None:
            self._refuse_unheard()
            raise AuthenticationFailed(
                Reason.TILL_UNKNOWN, "This store has no such till: register it with `core-service till put`."
            )
        return _selling(till)

    def _refuse_unheard(self) -> None:
        if not self.complete():
            sentence = (
                "Not accepted: this agent has not yet heard from the core which tills there are. Enrol it and let it reach the core once, "
                "then send again."
            )
            raise Transient(Reason.NOT_READY, sentence, retry_after=5.0)


def is_loopback(client: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)


def _selling(till: CachedTill) -> CachedTill:
    if till.retired:
        raise AuthenticationFailed(
            Reason.TILL_RETIRED,
            f"Till {till.till} is retired: put it back with `core-service till put`, or use another one's key.",
        )
    return till


def _key(headers: Mapping[str, str]) -> str:
    authorization = headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip()[:_LONGEST_KEY]
    return headers.get("x-api-key", "").strip()[:_LONGEST_KEY]
