"""Waiting without hoping: a condition and a limit in, its value as soon as it holds out, or an AssertionError that says what was seen."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, overload

T = TypeVar("T")

FIRST_PAUSE = 0.002
LONGEST_PAUSE = 0.1


@overload
async def eventually(condition: Callable[[], Awaitable[T | None]], *, within: float = 5.0, saying: str = "") -> T: ...
@overload
async def eventually(condition: Callable[[], T | None], *, within: float = 5.0, saying: str = "") -> T: ...
async def eventually(condition: Callable[[], Any], *, within: float = 5.0, saying: str = "") -> Any:
    """Return the first true value of `condition`, asked again and again for at most `within` real seconds.

    An AssertionError raised by the condition counts as "not yet". When time is up, the error names `saying`, the last value and the last error.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    pause = FIRST_PAUSE
    while True:
        value, error = await _ask(condition)
        if value:
            return value
        if loop.time() >= until:
            seen = f"last refused with: {error}" if error else f"last value: {value!r}"
            raise AssertionError(f"not within {within} s: {saying or _name(condition)}; {seen}") from error
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


@asynccontextmanager
async def deadline(seconds: float, saying: str = "the awaited work") -> AsyncIterator[None]:
    """Let the block run for at most so many real seconds; then cancel it and raise an AssertionError that names `saying`."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise AssertionError(f"not within {seconds} s: {saying}") from error
        raise


async def _ask(condition: Callable[[], Any]) -> tuple[Any, AssertionError | None]:
    try:
        answer = condition()
        if inspect.isawaitable(answer):
            return await answer, None
    except AssertionError as error:
        return None, error
    return answer, None


def _name(condition: Callable[[], object]) -> str:
    return getattr(condition, "__qualname__", repr(condition))
