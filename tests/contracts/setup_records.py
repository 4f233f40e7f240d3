"""Records of set-up and fleet for the contract of a store: a mark in, records that carry it out; the same ids whatever the mark."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from core_service.domain.fleet import Agent, CertificateRecord, JoinToken
from core_service.domain.setup import Credential, Location, LocationKind, Scope, Sku, Store, Till
from tests.contracts.records import T0, after, chain


def shop(store: str = "high-street", mark: str = "") -> Store:
    """Return a store."""
    return Store(
        store=store, name=f"High Street{mark}", time_zone="Europe/London", closing_time=time(4, 30), currency="GBP"
    )


def warehouse(location: str = "north-dc", mark: str = "") -> Location:
    """Return a warehouse with every field in use."""
    return Location(
        location=location,
        name=f"North{mark}",
        kind=LocationKind.WAREHOUSE,
        country_code="GB",
        latitude=Decimal("53.801277"),
        longitude=Decimal("-1.548567"),
        wms_url="https://wms.example/api",
        wms_secret="s3cret",
        daily_capacity=500,
    )


def mug(mark: str = "") -> Sku:
    """Return a SKU with other names."""
    return Sku(sku="MUG-BLUE", name=f"Mug{mark}", gtins=("4006381333931",), aliases=("blue mug", "7"))


def till(name: str = "1", store: str = "high-street", mark: str = "") -> Till:
    """Return a till."""
    return Till(store=store, till=name, dialect=f"plain{mark}", webhook_secret="w", webhook_url="https://till.example")


def credential(name: str, tenant: str) -> Credential:
    """Return a credential with two scopes."""
    return Credential(
        credential=name,
        tenant=tenant,
        name=f"OMS of {tenant}",
        scopes=frozenset({Scope.ORDERS_READ, Scope.STOCK_WRITE}),
        secret_hash=chain(9),
        created_at=T0,
    )


def agent(name: str = "agt_1", mark: str = "") -> Agent:
    """Return an enrolled agent."""
    return Agent(
        agent=name,
        store="high-street",
        enrolled_at=T0,
        serial="0a1b",
        certificate_expires_at=after(86400),
        version=f"1.0{mark}",
    )


def token(mark: bytes = b"") -> JoinToken:
    """Return a join token."""
    return JoinToken(token_hash=chain(5) + mark, store="high-street", agent="agt_1", expires_at=after(60))


def certificate(serial: str = "0a1b", mark: bytes = b"", issued: float = 0) -> CertificateRecord:
    """Return an issued certificate."""
    return CertificateRecord(
        serial=serial,
        agent="agt_1",
        store="high-street",
        issued_at=after(issued),
        expires_at=after(issued + 60),
        certificate_pem=b"-----BEGIN" + mark,
    )
