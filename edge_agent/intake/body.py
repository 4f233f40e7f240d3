"""Request bodies: a stream in, at most so many bytes within a deadline out; slow and oversize bodies end early."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason

_JSON = ("application/json", "text/json")
_READ_AND_DROPPED = 1024 * 1024
"""Bytes read beyond the limit and forgotten: a connection that is closed over unread bytes is reset, and the till never sees why."""


def require_json(headers: Mapping[str, str]) -> None:
    """Raise Permanent(UNSUPPORTED_MEDIA_TYPE) unless the request says that it is plain JSON."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        sentence = "Send JSON with `Content-Type: application/json`."
        raise Permanent(Reason.UNSUPPORTED_MEDIA_TYPE, sentence)
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Permanent(Reason.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without `Content-Encoding`.")


async def read_body(request: Request, headers: Mapping[str, str], largest: int, seconds: float) -> bytes:
    """Return the raw body.

    Raises Permanent(TOO_LARGE) for more than `largest` bytes, announced or sent, and Transient(BODY_TIMEOUT) when it does not end within
    `seconds`.
    """
    announced = headers.get("content-length", "0")
    too_large = announced.isascii() and announced.isdigit() and int(announced[:20]) > largest
    if too_large and headers.get("expect", "").lower() == "100-continue":
        raise _too_large(largest)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > largest or too_large:
                    too_large = True
                    chunks.clear()
                    if size > largest + _READ_AND_DROPPED:
                        break
                else:
                    chunks.append(chunk)
    except TimeoutError as error:
        sentence = f"Not accepted: the body did not arrive within {seconds:g} seconds. Send again."
        raise Transient(Reason.BODY_TIMEOUT, sentence, retry_after=1.0) from error
    except ClientDisconnect as error:
        sentence = "Not accepted: the connection ended before the body did. Send again."
        raise Transient(Reason.BODY_TIMEOUT, sentence, retry_after=1.0) from error
    if too_large:
        raise _too_large(largest)
    return b"".join(chunks)


def _too_large(largest: int) -> Permanent:
    return Permanent(Reason.TOO_LARGE, f"The message is longer than {largest} bytes; send one document at a time.")
