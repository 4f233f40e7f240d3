"""Answers cut to size: records' messages in, parts that any client can receive out; a stream broken between parts is resumed without a loss.

batch of the feed  ->  [part, part, part]     only the last carries the batch's token; the others that of the batch before
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from core_service.downlink.oms_feed import OmsNews

M = TypeVar("M", bound=Message)

MOST_BYTES = 2 * 1024 * 1024
"""Of one answer's records; clients refuse messages above 4 MiB unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Part(Generic[M]):
    """One answer of a stream; `restarted` stands on the first part only, for it tells the client to forget what it holds."""

    messages: list[M]
    resume_token: str
    restarted: bool


def cut(messages: Iterable[M], most_bytes: int = MOST_BYTES) -> list[list[M]]:
    """Return the messages in runs of at most so many bytes (a larger one stands alone); one empty run for none."""
    runs: list[list[M]] = [[]]
    used = 0
    for message in messages:
        size = message.ByteSize()
        if runs[-1] and used + size > most_bytes:
            runs.append([])
            used = 0
        runs[-1].append(message)
        used += size
    return runs


async def parts(
    batches: AsyncGenerator[OmsNews, None], resume_token: str, read: Callable[[Sequence[str]], Awaitable[list[M]]]
) -> AsyncIterator[Part[M]]:
    """Yield each batch's present state in parts; `resume_token` is where the client stands."""
    reached = resume_token
    async with contextlib.aclosing(batches):
        async for batch in batches:
            if batch.restarted:
                reached = ""
            runs = cut(await read(batch.subjects))
            for place, run in enumerate(runs, start=1):
                token = batch.resume_token if place == len(runs) else reached
                yield Part(run, token, restarted=batch.restarted and place == 1)
            reached = batch.resume_token
