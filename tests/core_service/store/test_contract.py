"""Every engine of the core's store keeps the same promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.seams.clock import VirtualClock
from core_service.ports.unit_of_work import CoreStore
from tests.contracts.unit_of_work import UnitOfWorkContract
from tests.core_service.store.stores import opened, with_tenants
from tests.fakes.inline_sqlite import inline


class TestSqliteFile(UnitOfWorkContract):
    """A migrated file, as in production."""

    @pytest.fixture
    async def core(self, url: str, clock: VirtualClock) -> AsyncIterator[CoreStore]:
        """Return the store."""
        store = await with_tenants(await opened(url, clock))
        yield store
        await store.close()


class TestSqliteMemory(UnitOfWorkContract):
    """A throw-away database."""

    @pytest.fixture
    async def core(self, clock: VirtualClock) -> AsyncIterator[CoreStore]:
        """Return the store."""
        store = await with_tenants(await opened("sqlite+aiosqlite:///:memory:", clock))
        yield store
        await store.close()


class TestSqliteInline(UnitOfWorkContract):
    """The same file through connections without threads, as in the simulation."""

    @pytest.fixture
    async def core(self, url: str, clock: VirtualClock) -> AsyncIterator[CoreStore]:
        """Return the store."""
        path = Path(url.removeprefix("sqlite+aiosqlite:///"))
        store = await with_tenants(await opened(url, clock, connect=inline(path)))
        yield store
        await store.close()
