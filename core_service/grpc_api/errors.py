"""From our errors to gRPC's: a TillstreamError in, a status with google.rpc.ErrorInfo (and RetryInfo) out; total over all reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason

DOMAIN = "tillstream"
"""`ErrorInfo.domain` of every error."""

_LONGEST_SENTENCE = 2000
"""Characters; gRPC carries statuses in trailers, whose size peers limit to 8 KiB."""

_CODES: Mapping[grpc.StatusCode, str] = MappingProxyType(
    {
        grpc.StatusCode.INVALID_ARGUMENT: """
            MALFORMED_JSON DUPLICATE_FIELD NUMBER_OUT_OF_RANGE TEXT_NOT_STORABLE TOO_DEEP FIELD_MISSING FIELD_INVALID FIELD_UNKNOWN
            AMOUNT_INVALID QUANTITY_INVALID TIME_INVALID CURRENCY_INVALID TOTALS_MISMATCH CARD_DATA_UNLOCATED NOT_A_SALE
            UNSUPPORTED_MEDIA_TYPE CSR_INVALID ENTRY_KIND_UNKNOWN SEQUENCE_UNEXPECTED ADDRESS_MISSING ADDRESS_INVALID URL_FORBIDDEN
            PAGE_TOKEN_INVALID REJECTED_AT_DOOR DIALECT_UNKNOWN""",
        grpc.StatusCode.UNAUTHENTICATED: """
            CREDENTIAL_MISSING CREDENTIAL_INVALID SIGNATURE_INVALID SIGNATURE_EXPIRED JOIN_TOKEN_INVALID CERTIFICATE_REFUSED""",
        grpc.StatusCode.PERMISSION_DENIED: "SCOPE_MISSING STORE_MISMATCH JOIN_TOKEN_USED AGENT_REVOKED",
        grpc.StatusCode.NOT_FOUND: """
            NOT_FOUND TILL_UNKNOWN SKU_UNKNOWN ORIGINAL_UNKNOWN RIGHTS_TRANSFER_UNKNOWN ORDER_UNKNOWN REFERENCE_UNKNOWN""",
        grpc.StatusCode.ALREADY_EXISTS: """
            ALREADY_EXISTS CONFLICTING_DUPLICATE IDEMPOTENCY_KEY_REUSED REQUEST_ID_REUSED REPEAT""",
        grpc.StatusCode.FAILED_PRECONDITION: """
            TILL_RETIRED SKU_RETIRED OLDER_REVISION STOCK_BELOW_ZERO RIGHTS_OVERDRAWN INSUFFICIENT_STOCK NO_LOCATION
            ORDER_NOT_CANCELLABLE STATUS_NOT_FORWARD WMS_REFUSED EXCEPTION_RESOLVED MIGRATION_NEEDED JOURNAL_LOCKED DATABASE_IN_USE
            JOURNAL_NOT_DURABLE JOURNAL_UNAVAILABLE""",
        grpc.StatusCode.OUT_OF_RANGE: "RESUME_TOKEN_INVALID JOURNAL_GAP",
        grpc.StatusCode.ABORTED: "SESSION_SUPERSEDED LEASE_LOST",
        grpc.StatusCode.RESOURCE_EXHAUSTED: "TOO_LARGE DISK_BUDGET_EXHAUSTED DISK_FULL",
        grpc.StatusCode.UNAVAILABLE: "BODY_TIMEOUT OVERLOADED NOT_READY DATABASE_UNAVAILABLE WMS_UNREACHABLE CORE_UNREACHABLE",
        grpc.StatusCode.DATA_LOSS: "CHAIN_BROKEN FORK JOURNAL_DAMAGED",
        grpc.StatusCode.UNIMPLEMENTED: "METHOD_NOT_ALLOWED",
        grpc.StatusCode.INTERNAL: "INTERNAL ATTEMPTS_EXHAUSTED WMS_ANSWER_INVALID SETTINGS_INVALID",
    }
)
CODE_OF: Mapping[Reason, grpc.StatusCode] = MappingProxyType(
    {Reason(name): code for code, names in _CODES.items() for name in names.split()}
)
"""The status code of each reason (AIP-193); a test holds it against the catalogue."""


def status_of(error: TillstreamError, *, code: grpc.StatusCode | None = None, **metadata: str) -> status_pb2.Status:
    """Return the status of an error. `metadata` goes into ErrorInfo beside `path`; `code` overrides the reason's own."""
    number, _ = (code or CODE_OF.get(error.reason, grpc.StatusCode.UNKNOWN)).value
    info = error_details_pb2.ErrorInfo(reason=error.reason.value, domain=DOMAIN)
    if error.path:
        info.metadata["path"] = error.path
    for name, value in sorted(metadata.items()):
        info.metadata[name] = value
    status = status_pb2.Status(code=number or code_pb2.UNKNOWN, message=error.sentence[:_LONGEST_SENTENCE])
    status.details.append(_packed(info))
    if isinstance(error, Transient) and error.retry_after is not None:
        pause = duration_pb2.Duration()
        pause.FromMilliseconds(math.ceil(error.retry_after * 1000))
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=pause)))
    return status


async def refuse(
    context: grpc.aio.ServicerContext[Any, Any],
    error: TillstreamError,
    *,
    code: grpc.StatusCode | None = None,
    **metadata: str,
) -> NoReturn:
    """End the call with the error's status. Always awaited: an abort that is not lets the handler run on (faults row 56)."""
    status = rpc_status.to_status(status_of(error, code=code, **metadata))
    await context.abort(status.code, status.details or "", status.trailing_metadata or ())
    raise AssertionError(
        error
    )  # abort has raised; reached only if that ever changes, and then nothing is served either


def _packed(message: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
