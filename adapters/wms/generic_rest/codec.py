"""The generic REST contract's messages: canonical dispatches in and JSON out, JSON events in and canonical events out; pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from adapters.canonical.quantity import show
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.strict import decode
from adapters.wms.contract import DispatchRequest, ShipmentState, WarehouseEvent, WarehouseStatus


class _Answer(msgspec.Struct):
    status: WarehouseStatus
    tracking_number: str = ""


class _Event(msgspec.Struct):
    type: WarehouseStatus
    dispatch_id: str
    occurred_at: datetime
    tracking_number: str = ""


def dispatch_body(request: DispatchRequest) -> bytes:
    """Return the JSON body of `PUT /dispatches/{dispatch_id}`, the same bytes for the same request."""
    ship_to = request.ship_to
    body: dict[str, Any] = {
        "dispatch_id": request.dispatch_id,
        "order_id": request.order_id,
        "reference": request.reference,
        "location": request.location,
        "ship_to": {
            "name": ship_to.name,
            "lines": list(ship_to.lines),
            "city": ship_to.city,
            "region": ship_to.region,
            "postal_code": ship_to.postal_code,
            "country_code": ship_to.country_code,
            "phone": ship_to.phone,
            "email": ship_to.email,
        },
        "lines": [{"number": line.number, "sku": line.sku, "quantity": show(line.quantity)} for line in request.lines],
    }
    return msgspec.json.encode(body)


def read_state(raw: bytes) -> ShipmentState:
    """Return where a shipment stands from an answer; raise Permanent(WMS_ANSWER_INVALID) when it says none."""
    try:
        answer = decode(raw, _Answer)
    except Permanent as error:
        sentence = f"The warehouse system's answer cannot be read ({error.sentence}); ask its maker about the contract."
        raise Permanent(Reason.WMS_ANSWER_INVALID, sentence, path=error.path) from error
    return ShipmentState(status=answer.status, tracking_number=answer.tracking_number)


def read_event(raw: bytes) -> WarehouseEvent:
    """Return what a webhook reports; raise Permanent with the strict decoder's reasons, or TIME_INVALID without a zone."""
    event = decode(raw, _Event)
    if event.occurred_at.tzinfo is None:
        raise Permanent(
            Reason.TIME_INVALID, "Say the time with its zone, such as 2026-01-05T10:00:00Z.", path="$.occurred_at"
        )
    return WarehouseEvent(
        dispatch_id=event.dispatch_id,
        status=event.type,
        occurred_at=event.occurred_at,
        tracking_number=event.tracking_number,
    )
