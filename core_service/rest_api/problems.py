"""Errors over HTTP: a TillstreamError in, an RFC 9457 problem with its reason, sentence, path and correlation id out."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from adapters.errors import AuthenticationFailed, TillstreamError, Transient
from adapters.reasons import Reason

_STATUS: dict[Reason, HTTPStatus] = {
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Reason.SCOPE_MISSING: HTTPStatus.FORBIDDEN,
    Reason.CONFLICTING_DUPLICATE: HTTPStatus.CONFLICT,
    Reason.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def status_of(error: TillstreamError) -> HTTPStatus:
    """Return the HTTP status of an error: by its reason, else 401, 503 or 400 by its kind."""
    if error.reason in _STATUS:
        return _STATUS[error.reason]
    if isinstance(error, AuthenticationFailed):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, Transient):
        return HTTPStatus.TOO_MANY_REQUESTS if error.reason is Reason.OVERLOADED else HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.BAD_REQUEST


def problem(request: Request, error: TillstreamError) -> Response:
    """Return the problem document of an error."""
    status = status_of(error)
    correlation = request.scope.get("correlation_id", "")
    body = {
        "type": f"https://tillstream.example/reasons#{error.reason.lower()}",
        "title": error.reason.replace("_", " ").capitalize(),
        "status": int(status),
        "reason": error.reason,
        "detail": error.sentence,
        "instance": request.url.path,
        "correlation_id": correlation,
    }
    if error.path:
        body["path"] = error.path
    headers = {"X-Correlation-Id": correlation} if correlation else {}
    if isinstance(error, Transient):
        headers["Retry-After"] = str(max(1, round(error.retry_after or 1)))
    return Response(msgspec.json.encode(body), int(status), headers, media_type="application/problem+json")
