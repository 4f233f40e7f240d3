"""Square's webhook signature: the raw body, the header and the shared key in, nothing out or AuthenticationFailed; constant time.

    x-square-hmacsha256-signature = base64(HMAC-SHA256(signature key, notification URL + raw body))

Verify the bytes as they came, before masking or decoding. Source: developer.squareup.com/docs/webhooks/step3validate.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason

HEADER = "x-square-hmacsha256-signature"


def sign(raw: bytes, key: str, url: str) -> str:
    """Return the header's value for a body posted to `url`, as Square computes it."""
    return base64.b64encode(hmac.digest(key.encode(), url.encode() + raw, hashlib.sha256)).decode()


def verify(raw: bytes, header: str | None, key: str, url: str, *, previous_key: str = "") -> None:
    """Raise AuthenticationFailed(SIGNATURE_INVALID) unless the header signs these bytes for this address.

    `previous_key` is accepted as well while a key is being changed; empty for none.
    """
    given = (header or "").encode()
    fits = [hmac.compare_digest(given, sign(raw, each, url).encode()) for each in (key, previous_key) if each]
    if not any(fits):
        sentence = (
            "The signature does not fit; compare the signature key and the notification URL with Square's dashboard."
        )
        raise AuthenticationFailed(Reason.SIGNATURE_INVALID, sentence)
