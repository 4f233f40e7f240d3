"""Who calls: set by the choke-point for the handler that runs, read by servicers, which never look at metadata or certificates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from core_service.domain.fleet import AgentIdentity
from core_service.domain.setup import Credential

Caller: TypeAlias = AgentIdentity | Credential
"""An agent by its certificate, or an API credential. A credential's `tenant` is set unless only the platform may call the method."""

_caller: ContextVar[Caller] = ContextVar("tillstream_caller")


def agent() -> AgentIdentity:
    """Return the agent that calls; a RuntimeError means that the table of access and the servicer disagree."""
    caller = _caller.get(None)
    if isinstance(caller, AgentIdentity):
        return caller
    message = "this method is not called by agents; see ACCESS in core_service/grpc_api/access.py"
    raise RuntimeError(message)


def credential() -> Credential:
    """Return the credential that calls; a RuntimeError means that the table of access and the servicer disagree."""
    caller = _caller.get(None)
    if isinstance(caller, Credential):
        return caller
    message = "this method is not called by credentials; see ACCESS in core_service/grpc_api/access.py"
    raise RuntimeError(message)


@contextmanager
def acting(caller: Caller) -> Iterator[None]:
    """Let a block act for a caller: the choke-point around a handler, and tests around a servicer."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)
