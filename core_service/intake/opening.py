"""What opening a stream writes: the session, when the agent was seen, and a fork's alarm, in one transaction; the position out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.canonical.uplink import OpenStream
from adapters.reasons import Reason
from adapters.seams.clock import to_millis
from core_service.domain.exception import ParkedException
from core_service.domain.fleet import AgentIdentity
from core_service.pipeline.names import alarm_id
from core_service.pipeline.park import owner
from core_service.ports.ingest import StreamPosition
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

LONGEST_VERSION = 64
"""Characters of an agent's version that are kept."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a journal left the history that the core holds: its epoch, and the first sequence in doubt (0: not known)."""

    epoch: bytes
    sequence: int


async def take_session(
    core: CoreStore, identity: AgentIdentity, message: OpenStream, session: bytes, now: datetime
) -> StreamPosition:
    """Give the agent's only session to `session` and return where the core stands; a fork that the agent reports is alarmed once."""
    async with core.begin(identity.tenant) as uow:
        position = await uow.streams.open(identity.agent, message.epoch, session)
        offset = message.clock_ms - to_millis(now)
        await uow.fleet.seen(identity.agent, now, message.agent_version[:LONGEST_VERSION], offset, message.epoch)
        if message.forked_from:
            await _park(uow, identity, Fork(message.forked_from, 0), now)
        await uow.commit()
    return position


async def alarm_fork(core: CoreStore, identity: AgentIdentity, fork: Fork, now: datetime) -> None:
    """Park the exception of a fork, once for each epoch that was left."""
    async with core.begin(identity.tenant) as uow:
        await _park(uow, identity, fork, now)
        await uow.commit()


async def _park(uow: UnitOfWork, identity: AgentIdentity, fork: Fork, now: datetime) -> None:
    where = f" from about entry {fork.sequence}" if fork.sequence else ""
    sentence = (
        f"The journal of agent {identity.agent!r} in store {identity.store!r} and this core disagree{where}: its disk was cloned, restored "
        "from an image, or damaged. The agent goes on in a new epoch and its sales are booked once; find out whether another box runs "
        "with a copy of the disk, and revoke it."
    )
    parked = ParkedException(
        exception_id=alarm_id(uow.tenant, Reason.FORK, identity.agent, fork.epoch.hex()),
        reason=Reason.FORK,
        sentence=sentence,
        owner=owner(Reason.FORK),
        source=f"store/{identity.store}",
        created_at=now,
        agent=identity.agent,
        epoch=fork.epoch,
        sequence=fork.sequence,
    )
    await uow.exceptions.add([parked])
