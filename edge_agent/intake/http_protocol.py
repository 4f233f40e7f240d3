"""uvicorn's HTTP protocol with bounds that it lacks: bytes of a connection in, requests out; endless or slow headers end the connection.

    connection: so many at once --> headers: so many bytes, so many seconds --> body: bounded by `body.read_body`

Whoever breaks a bound never reaches the application, so he gets no receipt and nothing is kept of him.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from edge_agent.intake.settings import RestSettings

LARGEST_HEADERS = 32 * 1024
_SAY = b"HTTP/1.1 %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\nConnection: close\r\nRetry-After: 1\r\n\r\n%s"
_TOO_LARGE = (
    b'{"status":431,"reason":"TOO_LARGE","title":"Too large","detail":"The headers are too large; send fewer."}'
)
_NO_HTTP = b'{"status":400,"reason":"FIELD_INVALID","title":"Field invalid","detail":"This is no HTTP/1.1 request."}'
_TOO_MANY = b'{"status":503,"reason":"OVERLOADED","title":"Overloaded","detail":"Not accepted: too many connections. Send again in a moment."}'


class BoundedHttp(HttpToolsProtocol):
    """One connection; `settings` is set by `bounded_protocol`."""

    settings: ClassVar[RestSettings] = RestSettings()

    _waiting: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _named_bytes = 0
    _in_headers = True

    def connection_made(self, transport: Any) -> None:
        """Let a connection in, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_connections:
            self._end(b"503 Service Unavailable", _TOO_MANY)
            return
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; headers without an end are cut before they fill the memory."""
        if self.transport.is_closing():
            return
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > LARGEST_HEADERS + self.settings.max_body_bytes:
                self._end(b"431 Request Header Fields Too Large", _TOO_LARGE)
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the headers' end."""
        super().on_message_begin()
        self._in_headers = True
        self._header_bytes = 0
        self._named_bytes = 0
        if self._waiting is None:
            self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; raising ends the parsing, and `send_400_response` says why."""
        self._named_bytes += len(name) + len(value)
        if self._named_bytes > LARGEST_HEADERS:
            raise ValueError("the headers are too large")
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or headers that are too large."""
        if self._named_bytes > LARGEST_HEADERS:
            self._end(b"431 Request Header Fields Too Large", _TOO_LARGE)
        else:
            self._end(b"400 Bad Request", _NO_HTTP)

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._in_headers = False
        self._stop_waiting()
        super().on_headers_complete()

    def _await_headers(self) -> None:
        self._waiting = self.loop.call_later(self.settings.header_seconds, self._close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _close(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()

    def _end(self, status: bytes, body: bytes) -> None:
        self._stop_waiting()
        self.transport.write(_SAY % (status, len(body), body))
        self.transport.close()


def bounded_protocol(settings: RestSettings) -> type[BoundedHttp]:
    """Return the protocol class with the bounds of the settings."""
    return type("BoundedHttp", (BoundedHttp,), {"settings": settings})
