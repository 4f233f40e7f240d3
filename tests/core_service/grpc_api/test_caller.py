"""Who calls: only within the handler, and only as what it is."""

from __future__ import annotations

import pytest

from core_service.domain.fleet import AgentIdentity
from core_service.grpc_api import caller

AGENT = AgentIdentity(tenant="acme", store="leeds", agent="leeds-1")


def test_a_handler_reads_its_caller() -> None:
    """And outside a handler there is none."""
    with caller.acting(AGENT):
        assert caller.agent() == AGENT
    with pytest.raises(RuntimeError):
        caller.agent()


def test_an_agent_is_no_credential() -> None:
    """A servicer that expects another caller than the table lets in fails closed."""
    with caller.acting(AGENT), pytest.raises(RuntimeError):
        caller.credential()
