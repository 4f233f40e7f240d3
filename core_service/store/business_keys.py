"""Business keys: names of facts in, what is on record under them out; one statement whatever the number of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import select

from adapters.canonical.key import BusinessKey
from core_service.ports.ingest import KnownFact
from core_service.store.portable import among
from core_service.store.tables.ingest import business_key
from core_service.store.transaction import Transaction

FactName: TypeAlias = tuple[str, str, str]


class SqlBusinessKeys:
    """Business keys of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(self, names: Iterable[FactName]) -> dict[FactName, list[KnownFact]]:
        """Return what is on record for (kind, source, reference), newest revision first; absent names are absent."""
        asked = sorted(set(names))
        if not asked:
            return {}
        table = business_key
        named = among((table.c.kind, table.c.source, table.c.reference), asked)
        statement = select(table).where(self._transaction.mine(table), named).order_by(table.c.revision.desc())
        found: dict[FactName, list[KnownFact]] = {}
        for row in await self._transaction.rows(statement):
            key = BusinessKey(
                kind=row.kind,
                source=row.source,
                reference=row.reference,
                revision=row.revision,
                fingerprint=row.fingerprint,
                fingerprint_version=row.fingerprint_version,
            )
            found.setdefault(key.name, []).append(KnownFact(key=key, record_id=row.record_id))
        return found

    async def add(self, facts: Sequence[KnownFact]) -> None:
        """Record facts; unique by (kind, source, reference, revision)."""
        await self._transaction.add(
            business_key,
            [
                {
                    "kind": fact.key.kind,
                    "source": fact.key.source,
                    "reference": fact.key.reference,
                    "revision": fact.key.revision,
                    "fingerprint": fact.key.fingerprint,
                    "fingerprint_version": fact.key.fingerprint_version,
                    "record_id": fact.record_id,
                }
                for fact in facts
            ],
        )
