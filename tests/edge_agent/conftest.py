"""Every test of the agent that takes `executor` runs on both: dedicated threads as in production, inline as in the simulation."""

from __future__ import annotations

import pytest

from edge_agent.executor import Executor, InlineExecutor, ThreadExecutor

EXECUTORS: dict[str, type[ThreadExecutor | InlineExecutor]] = {
    "threads": ThreadExecutor,
    "inline": InlineExecutor,
}


@pytest.fixture(params=sorted(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> Executor:
    return EXECUTORS[request.param]()
