"""Promises of core_service/rest_api and core_service/intake/webhooks.py, over ASGI on the real store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx2
import pytest
from starlette.requests import Request

from adapters.seams.clock import VirtualClock
from adapters.seams.failpoint import NoFailpoints
from adapters.seams.randomness import SeededRandomness
from adapters.seams.telemetry import MemoryTelemetry
from adapters.wms.signature import sign
from core_service.domain.setup import Location, LocationKind
from core_service.intake.webhooks import WebhookIntake
from core_service.ports.unit_of_work import CoreStore
from core_service.rest_api.application import RestDoors, RestSeams, application
from tests.core_service.core import empty_core

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
OLD = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4"
RAW = b'{"type":"picked","dispatch_id":"dsp_abc_1","occurred_at":"2026-01-05T10:00:00Z"}'
PATH = "/v1/webhooks/wms/acme/north-dc"


@dataclass
class Core:
    """A core with one warehouse and its HTTP client."""

    client: httpx2.AsyncClient
    store: CoreStore
    clock: VirtualClock
    telemetry: MemoryTelemetry

    def headers(self, event_id: str = "evt_1", raw: bytes = RAW, secret: str = SECRET) -> dict[str, str]:
        """Return a right signature's headers."""
        stamp = int(self.clock.now().timestamp())
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(secret, event_id, stamp, raw),
        }

    async def due(self) -> list[str]:
        """Return the subjects of due work."""
        return [work.subject for work in await self.store.work_claims.claim("test", self.clock.now(), 60, 100, [])]


@pytest.fixture
async def core() -> AsyncIterator[Core]:
    """A running application without a network."""
    clock, telemetry = VirtualClock(), MemoryTelemetry()
    async with empty_core(clock) as store:
        async with store.begin("acme") as uow:
            await uow.locations.put(
                Location(location="north-dc", name="North", kind=LocationKind.WAREHOUSE, wms_secret=f"{SECRET},{OLD}")
            )
            await uow.commit()
        intake = WebhookIntake(
            store=store, clock=clock, failpoints=NoFailpoints(), telemetry=telemetry, wake=lambda: None
        )

        async def receive(tenant: str, location: str, headers: Mapping[str, str], raw: bytes) -> tuple[str, bool]:
            received = await intake.receive(tenant, location, headers, raw)
            return received.event_id, received.first

        async def ready() -> dict[str, str]:
            return {"database": "ok"}

        async def overview(_: Request) -> str:
            message = "a defect"
            raise ValueError(message)

        doors = RestDoors(receive_webhook=receive, readiness=ready, metrics=lambda: b"", overview=overview)
        seams = RestSeams(clock=clock, randomness=SeededRandomness(3), telemetry=telemetry)
        transport = httpx2.ASGITransport(application(doors, seams), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://core") as client:
            yield Core(client, store, clock, telemetry)


async def test_a_signed_event_is_stored_raw_and_becomes_due_work(core: Core) -> None:
    """200 after the commit."""
    answer = await core.client.post(PATH, content=RAW, headers=core.headers())
    assert (answer.status_code, answer.json()["status"]) == (200, "stored")
    assert await core.due() == ["north-dc/evt_1"]
    async with core.store.read("acme") as uow:
        event = await uow.webhooks.get("north-dc", "evt_1")
        assert event is not None
        assert await uow.raw.get(event.raw_id) == RAW


async def test_fault_068_the_same_event_again_is_acknowledged_without_effect(core: Core) -> None:
    """A sender that got no answer repeats."""
    await core.client.post(PATH, content=RAW, headers=core.headers())
    again = await core.client.post(PATH, content=RAW, headers=core.headers())
    assert (again.status_code, again.json()["status"]) == (200, "repeat")
    assert await core.due() == ["north-dc/evt_1"]


async def test_fault_068_a_replay_after_five_minutes_is_refused(core: Core) -> None:
    """An old recording opens nothing."""
    headers = core.headers()
    core.clock.advance(301)
    answer = await core.client.post(PATH, content=RAW, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (401, "SIGNATURE_EXPIRED")


async def test_fault_069_old_and_new_secret_are_accepted_in_the_overlap(core: Core) -> None:
    """Both of a rotation's secrets."""
    for number, secret in enumerate((SECRET, OLD)):
        headers = core.headers(f"evt_{number}", secret=secret)
        assert (await core.client.post(PATH, content=RAW, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", [PATH, "/v1/webhooks/wms/acme/nowhere", "/v1/webhooks/wms/nobody/north-dc"])
async def test_fault_067_a_wrong_signature_is_refused_alike_whatever_exists(core: Core, path: str) -> None:
    """Nobody learns from the answer which tenants and locations there are."""
    wrong = core.headers(secret="whsec_" + "A" * 43 + "=")
    answer = await core.client.post(path, content=RAW, headers=wrong)
    assert (answer.status_code, answer.json()["reason"]) == (401, "SIGNATURE_INVALID")
    assert await core.due() == []


async def test_fault_070_a_body_beyond_its_bound_is_refused(core: Core) -> None:
    """413, and nothing is stored."""
    raw = b"x" * (256 * 1024 + 1)
    answer = await core.client.post(PATH, content=raw, headers=core.headers(raw=raw))
    assert (answer.status_code, answer.json()["reason"]) == (413, "TOO_LARGE")


async def test_fault_070_a_flood_is_slowed_down_with_retry_after(core: Core) -> None:
    """429 beyond the burst."""
    statuses = [
        (await core.client.post(PATH, content=RAW, headers=core.headers(f"evt_{number}"))) for number in range(201)
    ]
    assert [answer.status_code for answer in statuses[:200]] == [200] * 200
    assert statuses[200].status_code == 429
    assert int(statuses[200].headers["retry-after"]) >= 1


async def test_every_answer_carries_a_correlation_id_and_takes_over_a_well_formed_one(core: Core) -> None:
    """For people who compare logs."""
    assert (await core.client.get("/healthz")).headers["x-correlation-id"]
    asked = await core.client.get("/healthz", headers={"X-Correlation-Id": "abc-1"})
    assert asked.headers["x-correlation-id"] == "abc-1"
    bad = await core.client.get("/healthz", headers={"X-Correlation-Id": "a b\tc"})
    assert bad.headers["x-correlation-id"] != "a b\tc"


@pytest.mark.parametrize(
    ("method", "path", "reason"), [("GET", "/nothing", "NOT_FOUND"), ("GET", PATH, "METHOD_NOT_ALLOWED")]
)
async def test_wrong_addresses_and_methods_are_problems(core: Core, method: str, path: str, reason: str) -> None:
    """RFC 9457 everywhere."""
    answer = await core.client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == reason


async def test_a_defect_is_answered_without_particulars_and_counted(core: Core) -> None:
    """500 with a correlation id, no stack."""
    answer = await core.client.get("/")
    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")
    assert "defect" not in answer.text
    assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]


async def test_the_openapi_document_names_every_route(core: Core) -> None:
    """3.1, as FastAPI writes it."""
    document = (await core.client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert json.dumps(sorted(document["paths"])) == json.dumps(
        ["/", "/healthz", "/metrics", "/readyz", "/v1/webhooks/wms/{tenant}/{location}"]
    )
