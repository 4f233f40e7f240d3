"""The core's database behind `ports.unit_of_work`: a tenant in, its repositories on one transaction out; rolled back unless committed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.ports.ingest import BusinessKeys, Inbox, Sales, SealedRaw, Streams
from core_service.ports.orders import Answers, Audit, Exceptions, Lineage, Orders, Tallies, WebhookInbox
from core_service.ports.setup import Credentials, Fleet, Locations, Skus, Stores, Tills
from core_service.ports.stock import RightsTransfers, Stock
from core_service.ports.unit_of_work import Platform, UnitOfWork
from core_service.ports.work import Changes, FeedNumbering, WorkClaims, WorkQueue
from core_service.store.business_keys import SqlBusinessKeys
from core_service.store.changes import SqlChanges
from core_service.store.credentials import SqlCredentials
from core_service.store.exceptions import SqlExceptions
from core_service.store.feed import SqlFeedNumbering
from core_service.store.fleet import SqlFleet
from core_service.store.inbox import SqlInbox
from core_service.store.orders import SqlOrders
from core_service.store.platform import SqlPlatform
from core_service.store.records import SqlAnswers, SqlAudit, SqlLineage, SqlWebhookInbox
from core_service.store.rights import SqlRightsTransfers
from core_service.store.sales import SqlSales
from core_service.store.sealed_raw import SqlSealedRaw
from core_service.store.sealers import TenantSealers
from core_service.store.shops import SqlLocations, SqlStores, SqlTills
from core_service.store.skus import SqlSkus
from core_service.store.sqlite import SqliteDatabase
from core_service.store.stock import SqlStock
from core_service.store.streams import SqlStreams
from core_service.store.tallies import SqlTallies
from core_service.store.transaction import Means, Transaction, finished, translated
from core_service.store.work_claims import SqlWorkClaims
from core_service.store.work_queue import SqlWorkQueue


class SqlUnitOfWork:
    """Repositories of one tenant on one open transaction."""

    def __init__(self, connection: AsyncConnection, tenant: str, means: Means, *, writes: bool) -> None:
        transaction = Transaction(connection, tenant, means)
        self.tenant = tenant
        self.streams: Streams = SqlStreams(transaction)
        self.inbox: Inbox = SqlInbox(transaction)
        self.keys: BusinessKeys = SqlBusinessKeys(transaction)
        self.sales: Sales = SqlSales(transaction)
        self.raw: SealedRaw = SqlSealedRaw(transaction)
        self.stock: Stock = SqlStock(transaction)
        self.rights: RightsTransfers = SqlRightsTransfers(transaction)
        self.orders: Orders = SqlOrders(transaction)
        self.exceptions: Exceptions = SqlExceptions(transaction)
        self.lineage: Lineage = SqlLineage(transaction)
        self.answers: Answers = SqlAnswers(transaction)
        self.webhooks: WebhookInbox = SqlWebhookInbox(transaction)
        self.audit: Audit = SqlAudit(transaction)
        self.tallies: Tallies = SqlTallies(transaction)
        self.stores: Stores = SqlStores(transaction)
        self.locations: Locations = SqlLocations(transaction)
        self.skus: Skus = SqlSkus(transaction)
        self.tills: Tills = SqlTills(transaction)
        self.credentials: Credentials = SqlCredentials(transaction)
        self.fleet: Fleet = SqlFleet(transaction)
        self.work: WorkQueue = SqlWorkQueue(transaction)
        self.changes: Changes = SqlChanges(transaction)
        self._transaction = transaction
        self._connection = connection
        self._writes = writes

    async def commit(self) -> None:
        """Make everything durable, all or nothing; the unit of work has ended then."""
        if not self._writes:
            message = "this unit of work only reads; open it with begin()"
            raise RuntimeError(message)
        if self._transaction.ended:
            message = "this unit of work was committed already"
            raise RuntimeError(message)
        self._transaction.ended = True
        with translated():
            await finished(self._connection.commit())

    def end(self) -> None:
        """Refuse everything from now on: the block has been left."""
        self._transaction.ended = True


class SqlCoreStore:
    """The core's database."""

    def __init__(self, database: SqliteDatabase, means: Means, sealers: TenantSealers) -> None:
        self._database = database
        self._means = means
        transactions = _PlatformTransactions(database, means)
        self.platform: Platform = SqlPlatform(transactions, sealers)
        self.work_claims: WorkClaims = SqlWorkClaims(transactions)
        self.feed: FeedNumbering = SqlFeedNumbering(transactions)

    @contextlib.asynccontextmanager
    async def begin(self, tenant: str) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work; left without `commit` it is rolled back."""
        _require(tenant)
        async with self._database.writing() as connection:
            unit = SqlUnitOfWork(connection, tenant, self._means, writes=True)
            try:
                yield unit
            finally:
                unit.end()

    @contextlib.asynccontextmanager
    async def read(self, tenant: str) -> AsyncIterator[UnitOfWork]:
        """Open a snapshot for reading; `commit` raises."""
        _require(tenant)
        async with self._database.reading() as connection:
            unit = SqlUnitOfWork(connection, tenant, self._means, writes=False)
            try:
                yield unit
            finally:
                unit.end()

    async def close(self) -> None:
        """Dispose of every connection."""
        await self._database.close()


class _PlatformTransactions:
    """Transactions of no tenant, for the platform's own and for work across tenants."""

    def __init__(self, database: SqliteDatabase, means: Means) -> None:
        self._database = database
        self._means = means

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """Open one that is committed when the block ends well."""
        async with self._database.writing() as connection:
            yield Transaction(connection, "", self._means)
            await finished(connection.commit())

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a snapshot."""
        async with self._database.reading() as connection:
            yield Transaction(connection, "", self._means)


def _require(tenant: str) -> None:
    if not tenant:
        raise Permanent(Reason.CREDENTIAL_INVALID, "This needs the credential of a tenant; sign in with one.")
