"""The core's HTTP application: routes wired to callables; every answer carries a correlation id, every error is a problem."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.errors import Permanent, TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from core_service.rest_api.body import read_body
from core_service.rest_api.problems import problem
from core_service.rest_api.rate_limit import RateLimit

log = structlog.get_logger(__name__)

_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestDoors:
    """What the routes call. `receive_webhook(tenant, location, headers, raw)` returns (event id, first)."""

    receive_webhook: Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[str, bool]]]
    readiness: Callable[[], Awaitable[dict[str, str]]]
    """Name of each part -> `ok`, or the sentence that says what is wrong."""
    metrics: Callable[[], bytes]
    overview: Callable[[Request], Awaitable[str]]
    """The page for people as HTML; raises AuthenticationFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSeams:
    """What is injected."""

    clock: Clock
    randomness: Randomness
    telemetry: Telemetry


def application(doors: RestDoors, seams: RestSeams) -> ASGIApp:
    """Return the ASGI application."""
    app = FastAPI(title="Tillstream core", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    webhooks = RateLimit(per_second=50, burst=200)

    @app.post("/v1/webhooks/wms/{tenant}/{location}", summary="Take an event of a warehouse system")
    async def receive_wms_webhook(tenant: str, location: str, request: Request) -> Response:
        wait = webhooks.wait(f"{tenant}/{location}", seams.clock.monotonic())
        if wait:
            raise Transient(Reason.OVERLOADED, "Too many events at once; send it again later.", retry_after=wait)
        raw = await read_body(request)
        event_id, first = await doors.receive_webhook(tenant, location, request.headers, raw)
        return JSONResponse({"event_id": event_id, "status": "stored" if first else "repeat"})

    @app.get("/healthz", summary="Whether the process lives")
    async def tell_health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether it can do its work")
    async def tell_readiness() -> Response:
        parts = await doors.readiness()
        ready = all(state == "ok" for state in parts.values())
        return JSONResponse({"status": "ok" if ready else "not ready", "parts": parts}, 200 if ready else 503)

    @app.get("/metrics", summary="Prometheus metrics")
    async def tell_metrics() -> Response:
        return PlainTextResponse(doors.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/", summary="What stands where, for people")
    async def show_overview(request: Request) -> Response:
        return HTMLResponse(await doors.overview(request), headers={"Cache-Control": "no-store"})

    _add_error_answers(app, seams)
    return CorrelationIds(app, seams.randomness)


def _add_error_answers(app: FastAPI, seams: RestSeams) -> None:
    async def answer_known(request: Request, error: Exception) -> Response:
        known = error if isinstance(error, TillstreamError) else _unknown(error)
        seams.telemetry.count("rest_errors", reason=known.reason)
        return problem(request, known)

    async def answer_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 405:
            return problem(
                request, Permanent(Reason.METHOD_NOT_ALLOWED, "This address takes other methods; see /openapi.json.")
            )
        return problem(request, Permanent(Reason.NOT_FOUND, "There is nothing at this address; see /openapi.json."))

    app.add_exception_handler(TillstreamError, answer_known)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(Exception, answer_known)


def _unknown(error: Exception) -> TillstreamError:
    log.error("a request failed", exc_info=error)
    return Permanent(
        Reason.INTERNAL,
        "Something failed inside Tillstream; send it again, and name the correlation id if it fails again.",
    )


class CorrelationIds:
    """ASGI middleware: takes a well-formed `X-Correlation-Id` over or makes one, and puts it on request and answer."""

    def __init__(self, app: ASGIApp, randomness: Randomness) -> None:
        self._app = app
        self._randomness = randomness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"]).get(b"x-correlation-id", b"").decode("latin-1")
        correlation = asked if _CORRELATION.fullmatch(asked) else self._randomness.token(8).hex()
        scope["correlation_id"] = correlation

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[Any] = [pair for pair in message["headers"] if pair[0].lower() != b"x-correlation-id"]
                message["headers"] = [*headers, (b"x-correlation-id", correlation.encode())]
            await send(message)

        await self._app(scope, receive, send_with_id)
