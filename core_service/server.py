"""The running core: settings in, both gRPC listeners, HTTP and the background tasks out; started, watched and stopped in order.

    start: store -> writer, numbering, worker -> listeners -> HTTP (ready)
    stop:  listeners (streams end, agents keep what is not settled) -> HTTP -> worker -> writer -> numbering -> store

A background task that ends by itself ends the process with an error: whoever keeps it running starts it anew from what is durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field

import structlog
import uvicorn

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.telemetry.metrics import PrometheusTelemetry
from core_service.app import Rooms
from core_service.grpc_api.listeners import RunningListener, start_listener
from core_service.parts import (
    Seams,
    warehouse_client,
)
from core_service.sealing.master_key import load_master_key
from core_service.settings import Settings
from core_service.store import in_use, open_core

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Server:
    """A core in one process. `run` is its whole life; `stop` may be called from a signal."""

    settings: Settings
    seams: Seams
    metrics: PrometheusTelemetry
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Begin to stop in order."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until `stop`; raise Permanent when something cannot be opened, RuntimeError when a background task ends."""
        key = load_master_key(self.settings.directory / "master.key", self.seams.randomness)
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(in_use(self.settings.database))
            store = await open_core(
                self.settings.database, sealing=key, clock=self.seams.clock, randomness=self.seams.randomness
            )
            stack.push_async_callback(store.close)
            client = await stack.enter_async_context(warehouse_client(self.settings))
            rooms = Rooms(self.settings, self.seams, store, client)
            tasks = _Tasks()
            stack.push_async_callback(tasks.cancel)
            tasks.keep("numbering", rooms.numbering.run())
            tasks.keep("writer", rooms.writer.run())
            tasks.keep("worker", rooms.worker.run())
            for plan in rooms.plans():
                running = await start_listener(plan, rooms.listener_parts)
                stack.push_async_callback(_stop_listener, running)
                log.info("listening", listener=plan.listener, port=running.port)
            http = _QuietServer(rooms.http_config(self.metrics))
            serving = asyncio.create_task(http.serve(), name="http")
            stack.push_async_callback(_stop_http, http, serving)
            await tasks.until(self._stopping, serving)
            log.info("stopping")


class _Tasks:
    """Background tasks that live as long as the process."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Start one."""
        self._tasks.append(asyncio.create_task(work, name=name))

    async def until(self, stopping: asyncio.Event, serving: asyncio.Task[None]) -> None:
        """Return when it is time to stop; raise when a task ended by itself."""
        waiting = asyncio.create_task(stopping.wait())
        try:
            done, _ = await asyncio.wait({waiting, serving, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        for task in done - {waiting}:
            task.result()
            message = f"the {task.get_name()} task has ended by itself"
            raise RuntimeError(message)

    async def cancel(self) -> None:
        """Cancel the last started first, each to its end."""
        for task in reversed(self._tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class _QuietServer(uvicorn.Server):
    """Leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


async def _stop_listener(running: RunningListener) -> None:
    await running.stop()


async def _stop_http(http: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    http.should_exit = True
    await asyncio.gather(serving, return_exceptions=True)


async def serve(settings: Settings, seams: Seams, metrics: PrometheusTelemetry) -> None:
    """Run a server until SIGTERM or SIGINT; a second one ends it at once."""
    server = Server(settings=settings, seams=seams, metrics=metrics)
    loop = asyncio.get_running_loop()
    running = asyncio.current_task()

    def on_signal() -> None:
        if server.stopping and running is not None:
            running.cancel()
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        await server.run()
    except OSError as error:
        sentence = f"An address cannot be taken ({error.strerror}); free it, or set another port."
        raise Permanent(Reason.SETTINGS_INVALID, sentence) from error
