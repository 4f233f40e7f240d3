"""Standard Webhooks signatures: id, timestamp, raw body and secret in; a header, or whether one is right, out.

Source: https://www.standardwebhooks.com (specification 1.0.0, symmetric signatures).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason

TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be from now, either way: the replay window."""

_PREFIX = "whsec_"
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class SignedHeaders:
    """The headers of a signed webhook."""

    event_id: str
    timestamp: int
    signatures: tuple[str, ...]


def secret_key(secret: str) -> bytes:
    """Return the key of `whsec_<base64>`; raise Permanent(FIELD_INVALID) for any other text."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        sentence = "A webhook secret is `whsec_` followed by base64; make one with `core-service location secret`."
        raise Permanent(Reason.FIELD_INVALID, sentence) from error
    if not secret.startswith(_PREFIX) or len(key) < 16:
        sentence = "A webhook secret is `whsec_` followed by base64 of at least 16 bytes."
        raise Permanent(Reason.FIELD_INVALID, sentence)
    return key


def sign(secret: str, event_id: str, timestamp: int, raw: bytes) -> str:
    """Return the value of `webhook-signature` for one secret."""
    signed = f"{event_id}.{timestamp}.".encode() + raw
    return "v1," + base64.b64encode(hmac.digest(secret_key(secret), signed, hashlib.sha256)).decode()


def verify(secrets: tuple[str, ...], headers: Mapping[str, str], raw: bytes, now: datetime) -> str:
    """Return the event id of a rightly signed, recent webhook; `headers` by lower-case name.

    Raises AuthenticationFailed(SIGNATURE_INVALID) or AuthenticationFailed(SIGNATURE_EXPIRED). Constant time in the signature.
    """
    signed = _headers(headers)
    right = [sign(secret, signed.event_id, signed.timestamp, raw) for secret in secrets]
    matches = [hmac.compare_digest(shown.encode(), good.encode()) for shown in signed.signatures for good in right]
    if not any(matches):
        raise AuthenticationFailed(
            Reason.SIGNATURE_INVALID, "The signature does not fit body and secret; compare the secrets of both sides."
        )
    if abs(now.timestamp() - signed.timestamp) > TOLERANCE.total_seconds():
        raise AuthenticationFailed(
            Reason.SIGNATURE_EXPIRED,
            "The timestamp is more than 5 minutes off; set the sender's clock, then send again.",
        )
    return signed.event_id


def _headers(headers: Mapping[str, str]) -> SignedHeaders:
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = tuple(headers.get("webhook-signature", "").split())
    well_formed = event_id.isascii() and 0 < len(event_id) <= _LONGEST_ID
    if not (well_formed and signatures and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise AuthenticationFailed(
            Reason.SIGNATURE_INVALID,
            "Sign the call as Standard Webhooks says: headers webhook-id, webhook-timestamp and webhook-signature.",
        )
    return SignedHeaders(event_id, int(timestamp), signatures)
