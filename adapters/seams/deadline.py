"""Waiting with an end: coroutines and a limit by the injected clock in, the first result or TimeoutError out; nothing is left running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from adapters.seams.clock import Clock

T = TypeVar("T")


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; raise TimeoutError when it takes longer than so many seconds of this clock."""
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        message = f"not within {seconds} s"
        raise TimeoutError(message)
    finally:
        await cancelled(working, waiting)


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and return when they have ended; what they raise by then is nobody's concern any more."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


async def first_of(*works: Coroutine[Any, Any, T]) -> T:
    """Run works side by side and return what the first one to end returns, or raise what it raises; the others are cancelled.

    Of several that end at the same moment the one named first decides.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        await cancelled(*tasks)
