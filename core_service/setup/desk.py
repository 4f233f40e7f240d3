"""What every use case of set-up works with: the store, the clock, chance, and who is told when something arrives that messages wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.domain.setup import Store
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import CoreStore, UnitOfWork
from core_service.ports.work import Change, ChangeKind, store_audience

Arrival: TypeAlias = Callable[[UnitOfWork, Reason, str], Awaitable[object]]
"""Called in the transaction of a change with the reason of parked messages that it may have settled, and their source or empty text."""

_PAGE = 500


async def nobody_waits(_uow: UnitOfWork, _reason: Reason, _source: str) -> None:
    """The Arrival where nothing is replayed by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Set-up of one tenant by one actor. The tenant comes from the caller's credential, or from the command line."""

    core: CoreStore
    clock: Clock
    randomness: Randomness
    tenant: str
    actor: str
    arrived: Arrival = nobody_waits

    def audited(self, action: str, subject: str, note: str = "") -> AuditEntry:
        """Return the audit's entry of a change made now."""
        return AuditEntry(at=self.clock.now(), actor=self.actor, action=action, subject=subject, note=note)


async def all_stores(uow: UnitOfWork) -> list[Store]:
    """Return every store of the tenant, by id."""
    stores: list[Store] = []
    while page := await uow.stores.list(stores[-1].store if stores else "", _PAGE):
        stores.extend(page)
    return stores


async def all_skus(uow: UnitOfWork) -> list[str]:
    """Return the ids of every SKU of the tenant, in order."""
    skus: list[str] = []
    while page := await uow.skus.list(skus[-1] if skus else "", _PAGE):
        skus.extend(sku.sku for sku in page)
    return skus


async def all_tills(uow: UnitOfWork, store: str) -> list[str]:
    """Return the ids of a store's tills, in order."""
    tills: list[str] = []
    while page := await uow.tills.list(store, (store, tills[-1] if tills else ""), _PAGE):
        tills.extend(till.till for till in page)
    return tills


def told(stores: Iterable[str], kind: ChangeKind, subjects: Sequence[str]) -> list[Change]:
    """Return the changes that tell stores about things."""
    return [
        Change(audience=store_audience(store), kind=kind, subject=subject) for store in stores for subject in subjects
    ]
