"""Holds answers against openapi.json: a response in, an AssertionError out when the document does not say that it may come."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx2
import msgspec

from edge_agent.intake import answers, openapi


@cache
def document() -> dict[str, Any]:
    """Return the document as tills get it."""
    found: dict[str, Any] = json.loads(openapi.document(256 * 1024))
    return found


async def documented(response: httpx2.Response) -> None:
    """Check status, media type and shape of an answer; addresses that do not exist have no description."""
    operation = _operation(response.request.method.lower(), response.request.url.path)
    if operation is None:
        assert response.status_code in {404, 405, 503}, response.request.url
        return
    described = operation["responses"].get(str(response.status_code))
    assert described is not None, (response.request.method, response.request.url.path, response.status_code)
    media_type = response.headers["content-type"].partition(";")[0]
    content = described["content"].get(media_type)
    assert content is not None, (response.request.url.path, response.status_code, media_type)
    assert response.headers["x-correlation-id"]
    if "Retry-After" in described["headers"]:
        assert response.headers["retry-after"].isdigit()
    _fits(content["schema"], await response.aread())


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in document()["paths"].items():
        pattern = re.sub(r"\{sku\}", ".+", template)
        pattern = re.sub(r"\{\w+\}", "[^/]+", pattern)
        if re.fullmatch(pattern, path) and method in operations:
            found: dict[str, Any] = operations[method]
            return found
    return None


def _fits(schema: dict[str, Any], body: bytes) -> None:
    choices = schema.get("anyOf", [schema])
    names = [choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice]
    if not names:
        return
    errors = []
    for name in names:
        try:
            shape = msgspec.json.decode(body, type=getattr(answers, name))
        except msgspec.ValidationError as error:
            errors.append(str(error))
            continue
        assert set(json.loads(body)) <= set(document()["components"]["schemas"][name]["properties"])
        assert shape is not None
        return
    raise AssertionError((names, errors, body))
