"""The REST door's socket: an ASGI application and settings in, a listening server out that stops within a bounded time.

Signals are the process's own affair (`app`). Stopping: no new connections, requests under way are finished, idle connections are closed;
what has not ended after `drain_seconds` is cut, and was not acknowledged.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.intake.http_protocol import bounded_protocol
from edge_agent.intake.settings import RestSettings

_BACKLOG = 1024


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class RestServer:
    """Make it with the application, `listen`, then `serve` until `stop`."""

    def __init__(self, application: ASGIApp, settings: RestSettings) -> None:
        self._settings = settings
        self._socket: socket.socket | None = None
        config = uvicorn.Config(
            application,
            http=bounded_protocol(settings),
            loop="none",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=max(1, round(settings.idle_seconds)),
            timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
        )
        self._server = _Server(config)

    def listen(self) -> tuple[str, int]:
        """Take the address and return it, with the real port; raise Permanent(SETTINGS_INVALID) when that cannot be."""
        place = f"{self._settings.host}:{self._settings.port}"
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self._settings.host, self._settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(address)
                listener.listen(_BACKLOG)
            except OSError:
                listener.close()
                raise
        except OSError as error:
            sentence = f"Tills cannot be served at {place} ({error.strerror}): free it, or set rest.host and rest.port."
            raise Permanent(Reason.SETTINGS_INVALID, sentence, path="rest.port") from error
        listener.setblocking(False)
        self._socket = listener
        host, port = listener.getsockname()[:2]
        return str(host), int(port)

    async def serve(self) -> None:
        """Serve until stopped; returns when the last request has ended or the time to drain is over."""
        if self._socket is None:
            self.listen()
        if self._socket is not None:
            await self._server.serve(sockets=[self._socket])

    def stop(self, *, at_once: bool = False) -> None:
        """Begin to stop; `at_once` waits for nothing that is under way."""
        self._server.should_exit = True
        self._server.force_exit = self._server.force_exit or at_once

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections)
