"""What every HTTP request passes: an ASGI application in, one with correlation ids, a bound on requests at once, problems and counts out.

No body, key or address of a request is logged; an unexpected error is logged with its correlation id and answered without details.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from edge_agent.intake.problems import headers_of, problem, status_of

log = structlog.get_logger(__name__)

_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorwaySeams:
    """What is injected. `guard` masks card numbers in a text."""

    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    guard: Callable[[str], str]


class Doorway:
    """The outermost ASGI application. `inside` may raise TillstreamError and HTTPException."""

    def __init__(self, inside: ASGIApp, max_requests: int, seams: DoorwaySeams) -> None:
        self._inside = inside
        self._max_requests = max_requests
        self._seams = seams
        self._made = itertools.count(1)
        self._prefix = seams.randomness.token(6).hex()
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            raise RuntimeError("only HTTP comes through this doorway")
        visit = _Visit(self._correlation_id(scope), send)
        scope["app"] = self
        scope["correlation_id"] = visit.correlation_id
        started = self._seams.clock.monotonic()
        self.in_flight += 1
        try:
            if self.in_flight > self._max_requests and scope["path"] not in _ALWAYS:
                raise _too_many(self.in_flight)
            await self._inside(scope, receive, visit.send)
        except (TillstreamError, HTTPException) as error:
            await self._tell(scope, visit, _known(error))
        except Exception as error:
            log.exception("a request failed", correlation_id=visit.correlation_id)
            if visit.started:
                raise
            await self._tell(scope, visit, _defect(error))
        finally:
            self.in_flight -= 1
            self._count(scope, visit, started)

    async def _tell(self, scope: Scope, visit: _Visit, error: TillstreamError) -> None:
        status = status_of(error)
        body = problem(error, self._seams.guard(scope["path"]), visit.correlation_id, self._seams.guard)
        headers = [(name.lower().encode(), value.encode()) for name, value in headers_of(error, status).items()]
        headers.append((b"content-length", str(len(body)).encode()))
        if error.reason in (Reason.BODY_TIMEOUT, Reason.TOO_LARGE):
            headers.append((b"connection", b"close"))
        self._seams.telemetry.count("problems", reason=error.reason)
        await visit.send({"type": "http.response.start", "status": int(status), "headers": headers})
        await visit.send({"type": "http.response.body", "body": body})

    def _correlation_id(self, scope: Scope) -> str:
        """Take a well-formed id over; one that could be a card number is replaced, because it is logged."""
        for name, value in scope["headers"]:
            if name == b"x-correlation-id":
                asked: str = value.decode("latin-1")
                if _CORRELATION.fullmatch(asked) and self._seams.guard(asked) == asked:
                    return asked
        return f"{self._prefix}-{next(self._made):x}"

    def _count(self, scope: Scope, visit: _Visit, started: float) -> None:
        door = getattr(scope.get("endpoint"), "__name__", "none")
        self._seams.telemetry.count("requests", door=door, status=str(visit.status))
        self._seams.telemetry.observe("request", self._seams.clock.monotonic() - started, door=door)


class _Visit:
    """One request's answer on its way out."""

    __slots__ = ("_send", "correlation_id", "started", "status")

    def __init__(self, correlation_id: str, send: Send) -> None:
        self.correlation_id = correlation_id
        self.status = 0
        self.started = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"].append((b"x-correlation-id", self.correlation_id.encode()))
        await self._send(message)


def _known(error: TillstreamError | HTTPException) -> TillstreamError:
    if isinstance(error, TillstreamError):
        return error
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "others")
        return Permanent(Reason.METHOD_NOT_ALLOWED, f"This address takes {allowed}; see /openapi.json.")
    return Permanent(Reason.NOT_FOUND, "There is nothing at this address; see /openapi.json.")


def _defect(error: Exception) -> TillstreamError:
    sentence = f"Not accepted: the agent failed ({type(error).__name__}). Send again; if it fails again, report it with the correlation id."
    return Permanent(Reason.INTERNAL, sentence)


def _too_many(in_flight: int) -> Transient:
    sentence = f"Not accepted: {in_flight} requests are being worked on. Send again in a moment."
    return Transient(Reason.OVERLOADED, sentence, retry_after=1.0)
