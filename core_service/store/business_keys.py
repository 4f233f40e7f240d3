"""Business keys: names of facts in, what is on record under them out; one statement whatever the number of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import and_, select

from adapters.canonical.key import BusinessKey
from core_service.ports.ingest import KnownFact
from core_service.store.portable import wanted
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
        table, names_asked = business_key, wanted(("kind", "source", "reference"), asked)
        same = and_(
            self._transaction.mine(table),
            table.c.kind == names_asked.c.kind,
            table.c.source == names_asked.c.source,
            table.c.reference == names_asked.c.reference,
        )
        statement = select(table).select_from(names_asked.join(table, same)).order_by(table.c.revision.desc())
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
