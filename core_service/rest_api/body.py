"""Request bodies: a stream in, at most so many bytes within a deadline out; slow and oversize bodies end early."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from adapters.errors import Permanent, Transient
from adapters.reasons import Reason

LARGEST_BODY = 256 * 1024
SECONDS = 10.0


async def read_body(request: Request, largest: int = LARGEST_BODY, seconds: float = SECONDS) -> bytes:
    """Return the raw body.

    Raises Permanent(TOO_LARGE) as soon as it is longer than `largest` bytes and Transient(OVERLOADED) when it takes longer than `seconds`.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > largest:
                    sentence = f"The body is longer than {largest} bytes; send less at a time."
                    raise Permanent(Reason.TOO_LARGE, sentence)
                chunks.append(chunk)
    except TimeoutError as error:
        raise Transient(
            Reason.OVERLOADED, f"The body did not arrive within {seconds:.0f} seconds; send it again."
        ) from error
    except ClientDisconnect as error:
        raise Transient(Reason.OVERLOADED, "The connection ended before the body did; send it again.") from error
    return b"".join(chunks)
