"""Errors over HTTP: a TillstreamError in, its status and an RFC 9457 problem out, with reason, sentence, path and correlation id.

    400 what the message says, 401 and 403 who sends, 404 and 405 no such thing here, 408, 413 and 415 how it was sent,
    409 it contradicts what was accepted before, 500 a defect of ours (kept as rejected: report it),
    503 not accepted, send again after `Retry-After` seconds

The sentence may quote the message, so it passes the card guard before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import msgspec

from adapters.errors import AuthenticationFailed, TillstreamError, Transient
from adapters.reasons import Reason
from edge_agent.intake.answers import Problem

PROBLEM_JSON = "application/problem+json"

_STATUS: dict[Reason, HTTPStatus] = {
    Reason.BODY_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    Reason.CONFLICTING_DUPLICATE: HTTPStatus.CONFLICT,
    Reason.IDEMPOTENCY_KEY_REUSED: HTTPStatus.CONFLICT,
    Reason.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    Reason.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Reason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.ORDER_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.SKU_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.SCOPE_MISSING: HTTPStatus.FORBIDDEN,
    Reason.TILL_RETIRED: HTTPStatus.FORBIDDEN,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}


def status_of(error: TillstreamError) -> HTTPStatus:
    """Return the HTTP status of an error: by its reason, else 401, 503 or 400 by its kind."""
    if error.reason in _STATUS:
        return _STATUS[error.reason]
    if isinstance(error, AuthenticationFailed):
        return HTTPStatus.UNAUTHORIZED
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, Transient) else HTTPStatus.BAD_REQUEST


def headers_of(error: TillstreamError, status: HTTPStatus) -> dict[str, str]:
    """Return what goes with an error's answer: when to come again, how to sign in."""
    headers = {"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store"}
    if isinstance(error, Transient):
        headers["Retry-After"] = str(max(1, round(error.retry_after or 1)))
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="till"'
    return headers


def problem(error: TillstreamError, instance: str, correlation_id: str, guard: Callable[[str], str]) -> bytes:
    """Return the problem document as JSON; `guard` masks card numbers that a sentence or path would quote from the message."""
    return msgspec.json.encode(
        Problem(
            type=f"https://tillstream.example/reasons#{error.reason.lower()}",
            title=error.reason.replace("_", " ").capitalize(),
            status=int(status_of(error)),
            reason=error.reason,
            detail=guard(error.sentence),
            instance=instance,
            correlation_id=correlation_id,
            path=guard(error.path),
        )
    )
