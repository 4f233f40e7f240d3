"""A warehouse that speaks the generic REST contract: dispatches in, signed pick/pack/ship webhooks out, with faults on request.

Used by `make run` as a process of its own and by tests. `POST /faults` makes it misbehave: time out although it did it, answer 503, send events twice
or in the wrong order. `GET /dispatches` tells what it was asked to ship, and how often.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.wms.signature import sign

STEPS = ("picked", "packed", "shipped")


@dataclass
class Shipment:
    """A dispatch as the warehouse has it."""

    body: dict[str, object]
    status: str = "accepted"
    asked: int = 1
    tracking_number: str = ""
    task: asyncio.Task[None] | None = None

    def state(self, dispatch_id: str) -> dict[str, str]:
        """Return where it stands, as calls are answered."""
        return {"dispatch_id": dispatch_id, "status": self.status, "tracking_number": self.tracking_number}


@dataclass
class Faults:
    """How many of the next calls go wrong, and how."""

    hang: int = 0
    unavailable: int = 0
    refuse: int = 0
    duplicate_events: bool = False
    backward_events: bool = False


@dataclass(kw_only=True)
class Warehouse:
    """The warehouse's whole state."""

    webhook_url: str
    secret: str
    step_seconds: float
    shipments: dict[str, Shipment] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    client: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(timeout=5))

    async def put(self, request: Request) -> Response:
        """Take a dispatch; the same id again is the same shipment."""
        dispatch_id, body = request.path_params["dispatch_id"], await request.json()
        if self._spend("unavailable"):
            return JSONResponse({"sentence": "busy"}, 503, {"Retry-After": "1"})
        if self._spend("refuse"):
            return JSONResponse({"reason": "SKU_NOT_STOCKED", "sentence": "This warehouse does not stock it."}, 422)
        shipment = self.shipments.get(dispatch_id)
        if shipment:
            shipment.asked += 1
            if shipment.body != body:
                return JSONResponse({"reason": "OTHER_BODY", "sentence": "Same dispatch id, other contents."}, 409)
        else:
            shipment = self.shipments[dispatch_id] = Shipment(body)
            shipment.task = asyncio.create_task(self._work(dispatch_id, shipment))
        if self._spend("hang"):
            await asyncio.sleep(60)
        return JSONResponse(shipment.state(dispatch_id), 201 if shipment.asked == 1 else 200)

    async def get(self, request: Request) -> Response:
        """Tell where a shipment stands."""
        shipment = self.shipments.get(request.path_params["dispatch_id"])
        if shipment is None:
            return JSONResponse({"sentence": "unknown dispatch"}, 404)
        return JSONResponse(shipment.state(request.path_params["dispatch_id"]))

    async def delete(self, request: Request) -> Response:
        """Stop a shipment unless it is picked."""
        dispatch_id = request.path_params["dispatch_id"]
        shipment = self.shipments.get(dispatch_id)
        if shipment is None:
            return JSONResponse({"sentence": "unknown dispatch"}, 404)
        if shipment.status not in {"accepted", "cancelled"}:
            return JSONResponse({"sentence": f"already {shipment.status}"}, 409)
        if shipment.status != "cancelled":
            shipment.status = "cancelled"
            if shipment.task:
                shipment.task.cancel()
            shipment.task = asyncio.create_task(self._report(dispatch_id, shipment, "cancelled"))
        return JSONResponse({"dispatch_id": dispatch_id, "status": "cancelled"})

    async def listing(self, _: Request) -> Response:
        """Tell everything, for people and tests."""
        return JSONResponse(
            {
                dispatch_id: {
                    "status": shipment.status,
                    "asked": shipment.asked,
                    "tracking_number": shipment.tracking_number,
                    "body": shipment.body,
                }
                for dispatch_id, shipment in self.shipments.items()
            }
        )

    async def misbehave(self, request: Request) -> Response:
        """Set faults for the next calls."""
        self.faults = Faults(**await request.json())
        return Response(status_code=204)

    async def report(self, request: Request) -> Response:
        """Send one event now: `{"type": "shipped"}` for a dispatch, whatever its status; for tests that drive the warehouse by hand."""
        dispatch_id = request.path_params["dispatch_id"]
        body = await request.json()
        shipment = self.shipments[dispatch_id]
        shipment.status = body["type"]
        await self._report(dispatch_id, shipment, body["type"])
        return Response(status_code=204)

    def _spend(self, fault: str) -> bool:
        left: int = getattr(self.faults, fault)
        if left:
            setattr(self.faults, fault, left - 1)
        return left > 0

    async def _work(self, dispatch_id: str, shipment: Shipment) -> None:
        if self.step_seconds <= 0:
            return
        steps = tuple(reversed(STEPS)) if self.faults.backward_events else STEPS
        for status in steps:
            await asyncio.sleep(self.step_seconds)
            shipment.status = status
            if status == "shipped":
                shipment.tracking_number = f"TRK{secrets.randbelow(10**10):010d}"
            await self._report(dispatch_id, shipment, status)

    async def _report(self, dispatch_id: str, shipment: Shipment, status: str) -> None:
        event_id = f"evt_{dispatch_id}_{status}"
        raw = json.dumps(
            {
                "type": status,
                "dispatch_id": dispatch_id,
                "occurred_at": datetime.now(UTC).isoformat(),
                "tracking_number": shipment.tracking_number,
            }
        ).encode()
        for _ in range(2 if self.faults.duplicate_events else 1):
            await self._send(event_id, raw)

    async def _send(self, event_id: str, raw: bytes) -> None:
        pause = 0.2
        while True:
            timestamp = int(time.time())
            headers = {
                "Content-Type": "application/json",
                "webhook-id": event_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(self.secret, event_id, timestamp, raw),
            }
            with contextlib.suppress(httpx2.HTTPError):
                answer = await self.client.post(self.webhook_url, content=raw, headers=headers)
                if answer.is_success:
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)


def application(warehouse: Warehouse) -> Starlette:
    """Return the warehouse's HTTP application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        tasks = [shipment.task for shipment in warehouse.shipments.values() if shipment.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await warehouse.client.aclose()

    return Starlette(
        routes=[
            Route("/dispatches", warehouse.listing, methods=["GET"]),
            Route("/dispatches/{dispatch_id}", warehouse.put, methods=["PUT"]),
            Route("/dispatches/{dispatch_id}", warehouse.get, methods=["GET"]),
            Route("/dispatches/{dispatch_id}", warehouse.delete, methods=["DELETE"]),
            Route("/dispatches/{dispatch_id}/events", warehouse.report, methods=["POST"]),
            Route("/faults", warehouse.misbehave, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def main() -> None:
    """Run the warehouse until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--webhook-url", required=True, help="https://core/v1/webhooks/wms/<tenant>/<location>")
    parser.add_argument("--secret", required=True, help="whsec_..., the same as the location's --wms-secret")
    parser.add_argument(
        "--step-seconds", type=float, default=2.0, help="between accepted, picked, packed, shipped; 0: by hand"
    )
    arguments = parser.parse_args()
    warehouse = Warehouse(
        webhook_url=arguments.webhook_url, secret=arguments.secret, step_seconds=arguments.step_seconds
    )
    uvicorn.run(application(warehouse), host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
