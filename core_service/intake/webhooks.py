"""Warehouse webhooks: raw bytes and headers in, an inbox row and due work out; acknowledged only after their commit, once per event id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.canonical.key import derived_id
from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.failpoint import Failpoints
from adapters.seams.telemetry import Telemetry
from adapters.wms.signature import verify
from core_service.domain.setup import Location
from core_service.domain.work import NewWork, WorkKind
from core_service.ports.orders import WebhookEvent
from core_service.ports.unit_of_work import CoreStore

EVENT_PRIORITY = 50
"""Before new dispatches: a status that waits makes people ask."""

# Checked in place of an unknown location's secret, so that an unknown location answers exactly as a wrong signature does.
_NOBODY = ("whsec_" + "A" * 43 + "=",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An event is stored; `first` is False when the location had sent it before."""

    event_id: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookIntake:
    """Takes the webhooks of every location's warehouse system."""

    store: CoreStore
    clock: Clock
    failpoints: Failpoints
    telemetry: Telemetry
    wake: Callable[[], None]

    async def receive(self, tenant: str, location: str, headers: Mapping[str, str], raw: bytes) -> Received:
        """Verify over the raw bytes, store, enqueue, commit.

        Raises AuthenticationFailed(SIGNATURE_INVALID | SIGNATURE_EXPIRED), the same for an unknown tenant or location, and Transient when
        the database does not answer: the sender repeats.
        """
        place = await self._location(tenant, location)
        secrets = tuple(filter(None, place.wms_secret.split(","))) if place else ()
        now = self.clock.now()
        event_id = verify(secrets or _NOBODY, headers, raw, now)
        if not secrets:
            raise AuthenticationFailed(Reason.SIGNATURE_INVALID, "The signature does not fit body and secret.")
        subject = f"{location}/{event_id}"
        raw_id = derived_id("raw", tenant, "wms", location, event_id)
        async with self.store.begin(tenant) as uow:
            event = WebhookEvent(location=location, event_id=event_id, raw_id=raw_id, received_at=now)
            first = await uow.webhooks.add(event)
            if first:
                await uow.raw.put([(raw_id, raw)])
                await uow.work.enqueue([_work(tenant, location, subject, event)])
            await uow.commit()
        await self.failpoints.hit("webhook.committed")
        self.telemetry.count("webhooks_received", repeat="no" if first else "yes")
        self.wake()
        return Received(event_id=event_id, first=first)

    async def _location(self, tenant: str, location: str) -> Location | None:
        if await self.store.platform.tenant(tenant) is None:
            return None
        async with self.store.read(tenant) as uow:
            return await uow.locations.get(location)


def _work(tenant: str, location: str, subject: str, event: WebhookEvent) -> NewWork:
    return NewWork(
        work_id=derived_id("wrk", tenant, WorkKind.WMS_EVENT, location, event.event_id),
        kind=WorkKind.WMS_EVENT,
        subject=subject,
        destination="core",
        due_at=event.received_at,
        priority=EVENT_PRIORITY,
    )
