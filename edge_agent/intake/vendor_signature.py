"""Vendors' webhooks: a till's settings, headers and the original bytes in; nothing out when the vendor signed them, else an error.

A till that is unknown, retired or has no secret is answered exactly as one whose signature is wrong: nobody learns which tills there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from edge_agent.ports import CachedTill


@dataclass(frozen=True, slots=True)
class Signed:
    """How a vendor signs: the header that carries the signature, and `verify(raw, signature, secret, url)`, which raises AuthenticationFailed."""

    header: str
    verify: Callable[[bytes, str, str, str], None]


def _square() -> Signed:
    from adapters.pos.square.signature import HEADER, verify

    return Signed(HEADER, verify)


_VENDORS: Mapping[str, Callable[[], Signed]] = {"square": _square}


def verify_webhook(till: CachedTill | None, headers: Mapping[str, str], raw: bytes) -> CachedTill:
    """Return the till in whose name the vendor may speak; raise AuthenticationFailed(SIGNATURE_INVALID).

    The till's secret may be several, separated by commas, while one takes over from another.
    """
    if till is not None and not till.retired and till.dialect in _VENDORS:
        signed = _VENDORS[till.dialect]()
        signature = headers.get(signed.header, "")
        for secret in filter(None, map(str.strip, till.webhook_secret.split(","))):
            with suppress(AuthenticationFailed):
                signed.verify(raw, signature, secret, till.webhook_url)
                return till
    sentence = (
        "The webhook's signature does not fit the till, its secret and its address: compare them with `core-service till put` "
        "and with what the vendor's console shows."
    )
    raise AuthenticationFailed(Reason.SIGNATURE_INVALID, sentence)
