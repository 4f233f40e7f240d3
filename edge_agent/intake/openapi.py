"""openapi.json, OpenAPI 3.1: the operations below and the shapes of `answers` in, one JSON document out.

A test holds it against the routes and against every answer that the tests have seen, so that it cannot drift.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from edge_agent.intake import answers
from edge_agent.intake.problems import PROBLEM_JSON

_SHAPES = (
    answers.ReceiptAnswer,
    answers.NothingToBook,
    answers.ReceiptStateAnswer,
    answers.StockAnswer,
    answers.StockListAnswer,
    answers.OrderAnswer,
    answers.HealthAnswer,
    answers.ReadinessAnswer,
    answers.Problem,
)
_SCHEMAS = "#/components/schemas/"
_PROBLEMS = {
    400: "The message or request cannot be understood; `reason` and `path` say what to change.",
    401: "Who sends is not known; the message was not accepted.",
    403: "The till is retired.",
    404: "There is no such thing here.",
    408: "The body came too slowly; not accepted, send again.",
    409: "It contradicts what was accepted before under the same receipt number or Idempotency-Key.",
    413: "The message is too large.",
    415: "The message is not sent as plain JSON.",
    500: "A defect of the agent; the message was kept for a person, as far as it could be read.",
    503: "Not accepted: send again after `Retry-After` seconds.",
}
_TAKES = (400, 401, 403, 408, 409, 413, 415, 500, 503)
_TELLS = (401, 403, 404, 500, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `answers` maps a status to (what it says, name of the shape); `open` needs no credential."""

    path: str
    method: str
    summary: str
    answers: dict[int, tuple[str, tuple[str, ...]]]
    problems: tuple[int, ...] = ()
    parameters: tuple[str, ...] = ()
    takes: str = ""
    text: str = ""
    security: str = "till"


_ACCEPTED = {
    201: ("Accepted for the first time; on disk.", ("ReceiptAnswer",)),
    200: ("Accepted before (the first receipt again), or nothing to book.", ("ReceiptAnswer", "NothingToBook")),
}

OPERATIONS = (
    Operation(path="/v1/sales", method="post", summary="Take a sale", takes="PlainMessage", answers=_ACCEPTED, problems=_TAKES),
    Operation(path="/v1/returns", method="post", summary="Take a return", takes="PlainMessage", answers=_ACCEPTED, problems=_TAKES),
    Operation(path="/v1/voids", method="post", summary="Take a void", takes="PlainMessage", answers=_ACCEPTED, problems=_TAKES),
    Operation(
        path="/v1/webhooks/{till}", method="post", summary="Take a vendor's webhook about a till", parameters=("till",),
        takes="VendorMessage", answers=_ACCEPTED, problems=(400, 401, 408, 409, 413, 415, 500, 503), security="vendor",
    ),
    Operation(
        path="/v1/sales/{receipt_id}", method="get", summary="What became of an accepted message", parameters=("receipt_id",),
        answers={200: ("Accepted; settled by the core or not yet.", ("ReceiptStateAnswer",))}, problems=_TELLS,
    ),
    Operation(
        path="/v1/stock/{sku}", method="get", summary="Stock of a SKU, GTIN or alias in this store", parameters=("sku",),
        answers={200: ("With its age.", ("StockAnswer",))}, problems=_TELLS,
    ),
    Operation(
        path="/v1/stock", method="get", summary="Stock of up to 100 SKUs", parameters=("sku[]",),
        answers={200: ("With its age.", ("StockListAnswer",))}, problems=(400, 401, 403, 500, 503),
    ),
    Operation(
        path="/v1/orders/{order_id}", method="get", summary="What the core said about an order", parameters=("order_id",),
        answers={200: ("With its age.", ("OrderAnswer",))}, problems=_TELLS,
    ),
    Operation(
        path="/v1/status", method="get", summary="How the agent does; on its own machine only",
        answers={200: ("Figures for `edge-agent status`.", ())}, problems=(404, 500), security="",
    ),
    Operation(
        path="/healthz", method="get", summary="Whether the process lives", security="",
        answers={200: ("It lives.", ("HealthAnswer",))},
    ),
    Operation(
        path="/readyz", method="get", summary="Whether tills can sell", security="",
        answers={200: ("They can.", ("ReadinessAnswer",)), 503: ("They cannot; the parts say why.", ("ReadinessAnswer",))},
    ),
    Operation(
        path="/metrics", method="get", summary="Metrics in Prometheus' text format", security="", text="text/plain",
        answers={200: ("The metrics.", ())},
    ),
    Operation(
        path="/openapi.json", method="get", summary="This document", security="", answers={200: ("OpenAPI 3.1.", ())},
    ),
)  # fmt: skip


@cache
def document(max_body_bytes: int) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(_document(max_body_bytes))


def _document(max_body_bytes: int) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tillstream edge agent",
            "version": "1",
            "summary": "Where the tills of a store send sales and ask for stock.",
            "description": (
                "201 means: on this machine's disk, and on its way to the core. Repeat a message until it is answered below 500; a repeat "
                f"never books twice. At most {max_body_bytes} bytes a message. Every answer carries `X-Correlation-Id`."
            ),
        },
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": _security(), "headers": _headers()},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.method + operation.path.replace("/", "_").replace("{", "").replace("}", ""),
        "security": _needed(operation.security),
        "parameters": [_parameter(name) for name in operation.parameters],
        "responses": {},
    }
    if operation.takes:
        described["parameters"] += [_header("Idempotency-Key", 255), _header("traceparent", 55)]
        schema: dict[str, Any] = {"$ref": _SCHEMAS + operation.takes}
        if operation.takes == "PlainMessage":
            schema = {"anyOf": [schema, {"$ref": _SCHEMAS + "VendorMessage"}]}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    described["parameters"].append(_header("X-Correlation-Id", 128))
    for status, (text, shapes) in operation.answers.items():
        described["responses"][str(status)] = _response(text, shapes, operation.text or "application/json")
    for status in operation.problems:
        response = _response(_PROBLEMS[status], ("Problem",), PROBLEM_JSON)
        if status == 503:
            response["headers"]["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
        described["responses"][str(status)] = response
    return described


def _needed(security: str) -> list[dict[str, list[str]]]:
    if security == "till":
        return [{"bearer": []}, {"apiKey": []}]
    return [{"vendorSignature": []}] if security == "vendor" else []


def _parameter(name: str) -> dict[str, Any]:
    if name == "sku[]":
        schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100}
        return {"name": "sku", "in": "query", "required": True, "explode": True, "schema": schema}
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _header(name: str, longest: int) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string", "maxLength": longest}}


def _response(text: str, shapes: tuple[str, ...], media_type: str) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [{"$ref": _SCHEMAS + shape} for shape in shapes]
    schema: dict[str, Any] = {"anyOf": choices} if len(choices) > 1 else (choices or [{}])[0]
    headers = {"X-Correlation-Id": {"$ref": "#/components/headers/CorrelationId"}}
    if "ReceiptAnswer" in shapes:
        headers["Location"] = {"$ref": "#/components/headers/Receipt"}
    return {"description": text, "headers": headers, "content": {media_type: {"schema": schema}}}


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(_SHAPES, ref_template=_SCHEMAS + "{name}")
    plain = json.loads(resources.files("adapters.pos.plain").joinpath("schema.json").read_bytes())
    vendor = {
        "type": "object",
        "description": "A message in the language that the till is set up with, as its vendor documents it.",
    }
    return {**schemas, **_plain(plain), "VendorMessage": vendor}


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Give `plain`'s own JSON Schema a place among the components: `Message` becomes `PlainMessage`."""
    moved: dict[str, Any] = json.loads(json.dumps(schema["$defs"]).replace('"#/$defs/', f'"{_SCHEMAS}Plain'))
    return {f"Plain{name}": shape for name, shape in moved.items()}


def _security() -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The till's key, `tst_...`."},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The till's key."},
        "vendorSignature": {
            "type": "apiKey",
            "in": "header",
            "name": "x-square-hmacsha256-signature",
            "description": "The vendor's signature over the notification's address and the original body.",
        },
    }


def _headers() -> dict[str, Any]:
    return {
        "CorrelationId": {
            "schema": {"type": "string"},
            "description": "The request's id, given or made; name it when asking for help.",
        },
        "Receipt": {"schema": {"type": "string"}, "description": "Where to ask what became of it."},
        "RetryAfter": {"schema": {"type": "integer"}, "description": "Seconds to wait before sending again."},
    }
