"""Who may call what: a method's full name in, what it demands of its caller out; what is not listed here nobody may call.

The comment of each RPC in the .proto files says the same in words; a test holds them against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from core_service.domain.setup import Scope


class Proof(StrEnum):
    """What a caller shows instead of an API credential; the values are the words in the .proto files."""

    AGENT_CERTIFICATE = "an agent, by its certificate"
    JOIN_TOKEN = "anyone who holds a join token"  # noqa: S105 - words, no secret
    OLD_KEY = "anyone who proves the old certificate's key by a signature"
    NOTHING = "anyone"


Demand: TypeAlias = Scope | Proof
"""A scope of the caller's credential, or another proof. JOIN_TOKEN and OLD_KEY stand in the request and are checked by the use case."""

_EDGE = "/tillstream.edge.v1."
_OMS = "/tillstream.oms.v1."

ACCESS: Mapping[str, Demand] = MappingProxyType(
    {
        "/grpc.health.v1.Health/Check": Proof.NOTHING,
        "/grpc.health.v1.Health/List": Proof.NOTHING,
        "/grpc.health.v1.Health/Watch": Proof.NOTHING,
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Proof.NOTHING,
        f"{_EDGE}UplinkService/StreamEntries": Proof.AGENT_CERTIFICATE,
        f"{_EDGE}DownlinkService/Watch": Proof.AGENT_CERTIFICATE,
        f"{_EDGE}EnrolmentService/Enrol": Proof.JOIN_TOKEN,
        f"{_EDGE}EnrolmentService/RenewCertificate": Proof.AGENT_CERTIFICATE,
        f"{_EDGE}EnrolmentService/RecoverCertificate": Proof.OLD_KEY,
        f"{_OMS}AdminService/PutTenant": Scope.PLATFORM_ADMIN,
        f"{_OMS}AdminService/ListTenants": Scope.PLATFORM_ADMIN,
        f"{_OMS}AdminService/PutStore": Scope.SETUP_WRITE,
        f"{_OMS}AdminService/ListStores": Scope.SETUP_READ,
        f"{_OMS}AdminService/PutLocation": Scope.SETUP_WRITE,
        f"{_OMS}AdminService/ListLocations": Scope.SETUP_READ,
        f"{_OMS}AdminService/BatchPutSkus": Scope.SETUP_WRITE,
        f"{_OMS}AdminService/ListSkus": Scope.SETUP_READ,
        f"{_OMS}AdminService/PutTill": Scope.SETUP_WRITE,
        f"{_OMS}AdminService/ListTills": Scope.SETUP_READ,
        f"{_OMS}AdminService/IssueTillKey": Scope.SETUP_WRITE,
        f"{_OMS}AdminService/CreateCredential": Scope.SETUP_WRITE,
        f"{_OMS}AdminService/ListCredentials": Scope.SETUP_READ,
        f"{_OMS}AdminService/RevokeCredential": Scope.SETUP_WRITE,
        f"{_OMS}ExceptionService/ListExceptions": Scope.EXCEPTIONS_READ,
        f"{_OMS}ExceptionService/GetException": Scope.EXCEPTIONS_READ,
        f"{_OMS}ExceptionService/ReplayException": Scope.EXCEPTIONS_WRITE,
        f"{_OMS}FleetService/CreateJoinToken": Scope.FLEET_WRITE,
        f"{_OMS}FleetService/ListAgents": Scope.FLEET_READ,
        f"{_OMS}FleetService/GetAgent": Scope.FLEET_READ,
        f"{_OMS}FleetService/RevokeAgent": Scope.FLEET_WRITE,
        f"{_OMS}OrderService/CreateOrder": Scope.ORDERS_WRITE,
        f"{_OMS}OrderService/GetOrder": Scope.ORDERS_READ,
        f"{_OMS}OrderService/ListOrders": Scope.ORDERS_READ,
        f"{_OMS}OrderService/CancelOrder": Scope.ORDERS_WRITE,
        f"{_OMS}OrderService/WatchOrders": Scope.ORDERS_READ,
        f"{_OMS}StockService/BatchGetStockLevels": Scope.STOCK_READ,
        f"{_OMS}StockService/AdjustStock": Scope.STOCK_WRITE,
        f"{_OMS}StockService/ReceiveStock": Scope.STOCK_WRITE,
        f"{_OMS}StockService/TransferStock": Scope.STOCK_WRITE,
        f"{_OMS}StockService/WatchStock": Scope.STOCK_READ,
        f"{_OMS}WhyService/ExplainRecord": Scope.ORDERS_READ,
    }
)


def words(demand: Demand) -> str:
    """Return the demand as the comments of the .proto files say it."""
    return demand.value if isinstance(demand, Proof) else f"a credential with scope `{demand.value}`"
