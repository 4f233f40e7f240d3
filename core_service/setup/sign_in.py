"""Signing in with an API credential: the Authorization header in, the credential out; the same answer for everything that is wrong.

    Authorization: Bearer tsk_<credential>_<secret>

Only SHA-256 of the secret is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.seams.randomness import Randomness
from core_service.domain.setup import Credential
from core_service.ports.unit_of_work import Platform

_TOKEN = re.compile(r"tsk_(?P<credential>[a-z0-9]{1,40})_(?P<secret>[a-z2-7]{52})")
_CREDENTIAL_BYTES = 10
_SECRET_BYTES = 32


def new_credential_id(randomness: Randomness) -> str:
    """Return an id for a credential: 16 characters of base32."""
    return _base32(randomness.token(_CREDENTIAL_BYTES))


def new_secret(randomness: Randomness) -> str:
    """Return the secret half of a bearer token: 256 bits in base32."""
    return _base32(randomness.token(_SECRET_BYTES))


def bearer_token(credential: str, secret: str) -> str:
    """Return the token that callers send."""
    return f"tsk_{credential}_{secret}"


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret: SHA-256, which is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


async def sign_in(platform: Platform, authorization: str | None) -> Credential:
    """Return the credential of an Authorization header's value.

    Raises AuthenticationFailed: CREDENTIAL_MISSING without a header, else CREDENTIAL_INVALID without telling what is wrong.
    """
    if not authorization:
        sentence = (
            "Send an API credential: `Authorization: Bearer tsk_...`; `core-service credential create` makes one."
        )
        raise AuthenticationFailed(Reason.CREDENTIAL_MISSING, sentence)
    scheme, _, token = authorization.partition(" ")
    matched = _TOKEN.fullmatch(token.strip())
    if scheme.lower() != "bearer" or matched is None:
        raise _invalid()
    credential = await platform.credential(matched["credential"])
    known = credential.secret_hash if credential else bytes(hashlib.sha256().digest_size)
    right = hmac.compare_digest(secret_hash(matched["secret"]), known)
    if credential is None or credential.revoked or not right:
        raise _invalid()
    return credential


async def check_not_revoked(platform: Platform, credential: Credential) -> None:
    """Raise AuthenticationFailed(CREDENTIAL_INVALID) when a credential has ended since it signed in; for open streams."""
    present = await platform.credential(credential.credential)
    if present is None or present.revoked or present.secret_hash != credential.secret_hash:
        raise _invalid()


def _invalid() -> AuthenticationFailed:
    sentence = "This API credential is unknown, ended or wrong; make another with `core-service credential create`."
    return AuthenticationFailed(Reason.CREDENTIAL_INVALID, sentence)


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
