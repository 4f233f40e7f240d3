"""Chains for stories: set up once a session with the real commands, copied for each story, started and stopped with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from demo.chain import Chain, choose_ports

STORY_SECONDS = 180
"""A story starts processes and waits for them; the limit of other tests is too short for it on a busy machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every story without a limit of its own the stories' limit."""
    for item in items:
        if "end_to_end" in item.path.parts and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(STORY_SECONDS))


@pytest.fixture(scope="session")
def prepared_chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """A chain that was set up and is not running."""
    chain = Chain(folder=tmp_path_factory.mktemp("prepared"), ports=choose_ports(), tell=lambda _: None)

    async def prepare() -> None:
        await chain.set_up()
        await chain.stop()

    asyncio.run(prepare())
    return chain


@pytest.fixture
async def stopped_chain(prepared_chain: Chain, tmp_path: Path) -> AsyncIterator[Chain]:
    """A chain of its own for this story, set up, nothing started yet."""
    chain = Chain(folder=tmp_path / "chain", ports=choose_ports(), tell=lambda _: None, step_seconds=0.2)
    chain.folder.mkdir()
    await chain.set_up_like(prepared_chain)
    try:
        yield chain
    finally:
        await chain.stop()


@pytest.fixture
async def chain(stopped_chain: Chain) -> Chain:
    """A running chain: core, warehouse, enrolled agent."""
    await stopped_chain.start_parts()
    return stopped_chain


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client with a deadline."""
    async with httpx2.AsyncClient(timeout=15) as opened:
        yield opened
