"""openapi.json tells the truth: the same routes, every reference resolves; each answer that any test of this room gets is held against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.edge_agent.intake.documented import document
from tests.edge_agent.intake.shop import Shop


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


async def test_the_document_describes_every_route_and_no_other(shop: Shop):
    routes = {
        (route.path.replace(":path", ""), method.lower())
        for route in shop.doorway._inside.routes  # type: ignore[attr-defined]
        for method in route.methods - {"HEAD"}
    }
    described = {(path, method) for path, operations in document()["paths"].items() for method in operations}
    assert described == routes


async def test_the_document_is_served_and_says_31(shop: Shop):
    served = (await shop.client.get("/openapi.json")).json()
    assert served == document()
    assert served["openapi"].startswith("3.1")


def test_every_reference_of_the_document_leads_somewhere():
    for reference in references(document()):
        found: Any = document()
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_the_plain_dialects_own_schema_stands_in_it():
    schemas = document()["components"]["schemas"]
    assert schemas["PlainMessage"]["properties"]["receipt_number"]
    assert schemas["PlainLine"]["properties"]["quantity"]


def test_every_operation_that_takes_a_message_says_what_may_go_wrong():
    for path in ("/v1/sales", "/v1/returns", "/v1/voids"):
        assert {"201", "200", "400", "401", "408", "409", "413", "415", "503"} <= set(
            document()["paths"][path]["post"]["responses"]
        )
