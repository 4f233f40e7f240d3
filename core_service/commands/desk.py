"""The set-up desk of the command line: an open store and a tenant in, what the use cases of `core_service.setup` work with out."""

from __future__ import annotations

from core_service.commands.surroundings import ACTOR, Surroundings, known_tenant
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.desk import Desk


async def desk_of(here: Surroundings, store: CoreStore, tenant: str) -> Desk:
    """Return the set-up desk of a tenant; parked messages that a change may settle are replayed by the running core."""
    from core_service.parts import arrivals, pipeline_for

    return Desk(
        core=store,
        clock=here.clock,
        randomness=here.randomness,
        tenant=await known_tenant(store, tenant),
        actor=ACTOR,
        arrived=arrivals(pipeline_for(store, here.clock)),
    )
