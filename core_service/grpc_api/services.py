"""Which services each listener has: servicers in, what adds them to a server out."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from core_service.grpc_api.admin_service import AdminService
from core_service.grpc_api.downlink_service import DownlinkService
from core_service.grpc_api.enrolment_service import EnrolmentService
from core_service.grpc_api.exception_service import ExceptionService
from core_service.grpc_api.fleet_service import FleetService
from core_service.grpc_api.listeners import AddService
from core_service.grpc_api.order_service import OrderService
from core_service.grpc_api.stock_service import StockService
from core_service.grpc_api.uplink_service import UplinkService
from core_service.grpc_api.why_service import WhyService
from tillstream.edge.v1 import downlink_service_pb2_grpc, enrolment_service_pb2_grpc, uplink_service_pb2_grpc
from tillstream.oms.v1 import (
    admin_service_pb2_grpc,
    exception_service_pb2_grpc,
    fleet_service_pb2_grpc,
    order_service_pb2_grpc,
    stock_service_pb2_grpc,
    why_service_pb2_grpc,
)

API_NAMES = (
    "tillstream.edge.v1.EnrolmentService",
    "tillstream.oms.v1.AdminService",
    "tillstream.oms.v1.ExceptionService",
    "tillstream.oms.v1.FleetService",
    "tillstream.oms.v1.OrderService",
    "tillstream.oms.v1.StockService",
    "tillstream.oms.v1.WhyService",
)
"""What reflection describes, where it is switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentServicers:
    """What agents call with their certificates."""

    uplink: UplinkService
    downlink: DownlinkService
    enrolment: EnrolmentService


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServicers:
    """What the central OMS, administrators and boxes that join call."""

    admin: AdminService
    enrolment: EnrolmentService
    exceptions: ExceptionService
    fleet: FleetService
    orders: OrderService
    stock: StockService
    why: WhyService


def agent_services(servicers: AgentServicers) -> tuple[AddService, ...]:
    """Return the services of the agents' listener."""

    def add(server: grpc.aio.Server) -> None:
        uplink_service_pb2_grpc.add_UplinkServiceServicer_to_server(servicers.uplink, server)
        downlink_service_pb2_grpc.add_DownlinkServiceServicer_to_server(servicers.downlink, server)
        enrolment_service_pb2_grpc.add_EnrolmentServiceServicer_to_server(servicers.enrolment, server)

    return (add,)


def api_services(servicers: ApiServicers) -> tuple[AddService, ...]:
    """Return the services of the API listener."""

    def add(server: grpc.aio.Server) -> None:
        admin_service_pb2_grpc.add_AdminServiceServicer_to_server(servicers.admin, server)
        enrolment_service_pb2_grpc.add_EnrolmentServiceServicer_to_server(servicers.enrolment, server)
        exception_service_pb2_grpc.add_ExceptionServiceServicer_to_server(servicers.exceptions, server)
        fleet_service_pb2_grpc.add_FleetServiceServicer_to_server(servicers.fleet, server)
        order_service_pb2_grpc.add_OrderServiceServicer_to_server(servicers.orders, server)
        stock_service_pb2_grpc.add_StockServiceServicer_to_server(servicers.stock, server)
        why_service_pb2_grpc.add_WhyServiceServicer_to_server(servicers.why, server)

    return (add,)
