"""uvicorn's HTTP protocol with bounds that it lacks: bytes of a connection in, requests out; endless or slow headers end the connection.

    connection: so many at once --> headers: so many bytes, so many seconds --> body: bounded by `body.read_body` --> answer: so many
    seconds to be read --> so many seconds to the next request

Whoever breaks a bound never reaches the application, so he gets no receipt and nothing is kept of him. An offer to speak another protocol
(`Upgrade: h2c`, as Java's client makes with every request) is declined, and a client that has said all it will say still gets its answer.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from edge_agent.intake.settings import RestSettings

LARGEST_HEADERS = 32 * 1024
MOST_PIPELINED = 128
"""Requests of a connection that wait for the answers before them. uvicorn reads on without bound while it answers the first."""
_SAY = b"HTTP/1.1 %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\nConnection: close\r\nRetry-After: 1\r\n\r\n%s"
_TOO_LARGE = b'{"status":431,"reason":"TOO_LARGE","title":"Too large","detail":"The address or the headers are too large; send less."}'
_NO_HTTP = b'{"status":400,"reason":"FIELD_INVALID","title":"Field invalid","detail":"This is no HTTP/1.1 request."}'
_TOO_MANY = b'{"status":503,"reason":"OVERLOADED","title":"Overloaded","detail":"Not accepted: too many connections. Send again in a moment."}'


class BoundedHttp(HttpToolsProtocol):
    """One connection; `settings` is set by `bounded_protocol`."""

    settings: ClassVar[RestSettings] = RestSettings()

    _waiting: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _named_bytes = 0
    _in_headers = True
    _declined = b""
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Let a connection in, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_connections:
            self._end(b"503 Service Unavailable", _TOO_MANY)
            return
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._stop_waiting()
        super().connection_lost(exc)
        self.resume_writing()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a whole request of a client that sends nothing more, then close; return whether the connection stays open for that."""
        return self._last_answer()

    def _last_answer(self) -> bool:
        """Close after the answer to what has been read whole; return False where no such answer is due."""
        newest = cast("RequestResponseCycle | None", self.cycle)
        if newest is None or newest.response_complete or newest.more_body:
            return False
        newest.keep_alive = False
        return True

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not read: it holds one of the requests that may be under way."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.settings.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting for it."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse; headers without an end are cut before they fill the memory."""
        if self.transport.is_closing():
            return
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > LARGEST_HEADERS + self.settings.max_body_bytes:
                self._end(b"431 Request Header Fields Too Large", _TOO_LARGE)
                return
        # Unlike uvicorn's, this leaves the idle connection's deadline as it is: only a new request ends it, and not the unread rest of
        # a refused body or a stray line end, after which nothing would ever close the connection.
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = self._without_offer(data[offer.args[0] :])
            except httptools.HttpParserError:
                self.send_400_response("")
                return
            else:
                return

    def on_message_begin(self) -> None:
        """Begin to wait for the headers' end."""
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_headers = True
        self._header_bytes = 0
        self._named_bytes = 0
        if self._waiting is None:
            self._await_headers()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address, which counts as the headers do."""
        self._named_bytes += len(url)
        if self._named_bytes > LARGEST_HEADERS:
            raise ValueError("the address is too long")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; raising ends the parsing, and `send_400_response` says why."""
        self._named_bytes += len(name) + len(value)
        if self._named_bytes > LARGEST_HEADERS:
            raise ValueError("the headers are too large")
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or headers that are too large; never in the place of an answer to what came before it."""
        if self._last_answer():
            return
        if self._named_bytes > LARGEST_HEADERS:
            self._end(b"431 Request Header Fields Too Large", _TOO_LARGE)
        else:
            self._end(b"400 Bad Request", _NO_HTTP)

    def on_headers_complete(self) -> None:
        """Hand the request on; one with an offer is read a second time without it, for the parser takes no body after an offer."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            kept = [b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade"]
            version = self.parser.get_http_version().encode()
            head = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)
            self._declined = head + b"".join(kept) + b"\r\n"
            return
        self._in_headers = False
        self._stop_waiting()
        self._unset_keepalive_if_required()
        if len(self.pipeline) >= MOST_PIPELINED:
            self.transport.close()
            raise ValueError("too many requests before their answers")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Say that the body has ended."""
        if not self._declined:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin with the next request; as long as others wait, no more are read."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def _without_offer(self, rest: bytes) -> bytes:
        head, self._declined = self._declined, b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return head + rest

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
        if self.transport.is_closing():
            return
        self.transport.write(_SAY % (status, len(body), body))
        self.transport.close()


def bounded_protocol(settings: RestSettings) -> type[BoundedHttp]:
    """Return the protocol class with the bounds of the settings."""
    return type("BoundedHttp", (BoundedHttp,), {"settings": settings})
