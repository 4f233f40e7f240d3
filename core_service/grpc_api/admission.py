"""Whether a call may run: what its connection and metadata present in, the caller out, or AuthenticationFailed with a reason."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import grpc

from adapters.errors import AuthenticationFailed
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from core_service.domain.setup import Credential, Scope
from core_service.fleet.agent_certificate import AgentCertificate, read_agent_certificate
from core_service.grpc_api.access import ACCESS, Proof
from core_service.grpc_api.caller import Caller
from core_service.ports.unit_of_work import Platform
from core_service.setup.sign_in import check_not_revoked, sign_in

REVOCATION_SECONDS = 5.0
"""For how long an answer about an agent is used again."""

_REMEMBERED = 20_000
"""Agents whose answer is kept; the one longest unasked goes first."""


class Listener(StrEnum):
    """The two gRPC listeners."""

    AGENTS = "agents"
    """mTLS required; agents only."""
    API = "api"
    """Server TLS; credentials, enrolment and recovery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A call that may run. `caller` is None where the proof stands in the request; `recheck` raises once it may run no longer."""

    caller: Caller | None
    recheck: Callable[[], Awaitable[None]]


class Admission:
    """Decides for the calls of one listener."""

    def __init__(self, listener: Listener, platform: Platform, clock: Clock) -> None:
        self._listener = listener
        self._platform = platform
        self._clock = clock
        self._not_revoked: OrderedDict[tuple[str, str, str, str], float] = OrderedDict()

    async def admit(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> Admitted:
        """Return the caller of a method, full name; everything not allowed in so many words is refused."""
        demand = ACCESS.get(method)
        if demand is None:
            raise AuthenticationFailed(Reason.SCOPE_MISSING, f"{method} may be called by nobody.")
        if demand is Proof.NOTHING:
            return Admitted(caller=None, recheck=_always)
        if (demand is Proof.AGENT_CERTIFICATE) != (self._listener is Listener.AGENTS):
            raise _wrong_listener(demand is Proof.AGENT_CERTIFICATE)
        if demand is Proof.AGENT_CERTIFICATE:
            return await self._agent(context)
        if isinstance(demand, Scope):
            return await self._credential(demand, context)
        return Admitted(caller=None, recheck=_always)

    async def _agent(self, context: grpc.aio.ServicerContext[Any, Any]) -> Admitted:
        certificate = _presented(context)

        async def recheck() -> None:
            certificate.check_time(self._clock.now())
            await self._check_agent(certificate)

        await recheck()
        return Admitted(caller=certificate.identity, recheck=recheck)

    async def _credential(self, scope: Scope, context: grpc.aio.ServicerContext[Any, Any]) -> Admitted:
        credential = await sign_in(self._platform, _authorization(context))
        _check_scope(credential, scope)

        async def recheck() -> None:
            await check_not_revoked(self._platform, credential)

        return Admitted(caller=credential, recheck=recheck)

    async def _check_agent(self, certificate: AgentCertificate) -> None:
        identity = certificate.identity
        key = (identity.tenant, identity.store, identity.agent, certificate.serial)
        asked = self._not_revoked.get(key)
        if asked is not None and self._clock.monotonic() - asked < REVOCATION_SECONDS:
            return
        now = self._clock.monotonic()
        revoked = await self._platform.agent_revoked(identity, certificate.serial)
        if revoked is None:
            sentence = f"The core knows no agent {identity.agent!r} of store {identity.store!r}; enrol the box again."
            raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, sentence)
        if revoked:
            self._not_revoked.pop(key, None)
            sentence = (
                f"Agent {identity.agent!r} is shut out; ask operations, and enrol the box again if it should sell."
            )
            raise AuthenticationFailed(Reason.AGENT_REVOKED, sentence)
        self._not_revoked[key] = now
        self._not_revoked.move_to_end(key)
        if len(self._not_revoked) > _REMEMBERED:
            self._not_revoked.popitem(last=False)


def _presented(context: grpc.aio.ServicerContext[Any, Any]) -> AgentCertificate:
    """Return the client's certificate; TLS has verified its chain and that the client holds its key."""
    auth = context.auth_context()
    pems = list(auth.get("x509_pem_cert", ()))
    if list(auth.get("transport_security_type", ())) != [b"ssl"] or len(pems) != 1:
        raise AuthenticationFailed(
            Reason.CREDENTIAL_MISSING, "Connect with the agent's certificate; `edge-agent enrol` gets one."
        )
    return read_agent_certificate(pems[0])


def _authorization(context: grpc.aio.ServicerContext[Any, Any]) -> str | None:
    values = [value for name, value in context.invocation_metadata() or () if name == "authorization"]
    if len(values) > 1:
        raise AuthenticationFailed(Reason.CREDENTIAL_INVALID, "Send one authorization header, not several.")
    return str(values[0]) if values else None


def _check_scope(credential: Credential, scope: Scope) -> None:
    """The platform's methods are for its own credentials, a tenant's for the tenant's: the tenant comes from the credential only."""
    platforms_own = scope is Scope.PLATFORM_ADMIN
    if scope not in credential.scopes or bool(credential.tenant) == platforms_own:
        whose = "of the platform" if platforms_own else "of a tenant"
        sentence = (
            f"This needs a credential {whose} with scope {scope.value}; `core-service credential create` makes one."
        )
        raise AuthenticationFailed(Reason.SCOPE_MISSING, sentence)


def _wrong_listener(for_agents: bool) -> AuthenticationFailed:  # noqa: FBT001 - two listeners, two sentences
    if for_agents:
        sentence = "This method is for agents: call the agents' listener with the agent's certificate."
        return AuthenticationFailed(Reason.CREDENTIAL_MISSING, sentence)
    return AuthenticationFailed(Reason.SCOPE_MISSING, "This method is not served to agents: call the API listener.")


async def _always() -> None:
    """Nothing to check again."""
