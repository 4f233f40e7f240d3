"""The one writing task: many agents in one commit, each answered for itself, and trouble given back whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.canonical.entry import Outcome
from adapters.errors import Permanent, Transient
from adapters.reasons import Reason
from adapters.seams.backoff import Backoff
from adapters.seams.randomness import SeededRandomness
from core_service.pipeline.writer import IngestWriter, WriterLimits
from tests.core_service.shop import Shop, open_shop, settle
from tests.fakes.script_dialect import Line, script

SOLD = [Line("MUG", "1")]


@asynccontextmanager
async def running(shop: Shop, limits: WriterLimits | None = None) -> AsyncIterator[IngestWriter]:
    """Run a writer."""
    writer = IngestWriter(shop.pipeline, SeededRandomness(1), limits)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_batches_that_wait_together_share_a_commit_and_are_answered_each():
    stores = [f"store-{number}" for number in range(5)]
    async with open_shop(*stores) as shop:
        writer = IngestWriter(shop.pipeline, SeededRandomness(1))
        agents = [shop.agent(store).journal(script("sale", "1", SOLD)) for store in stores]
        asked = [asyncio.create_task(writer.submit(agent.batch())) for agent in agents]
        await asyncio.sleep(0)
        assert writer.backlog == 5
        task = asyncio.create_task(writer.run())
        for agent, answer in zip(agents, await asyncio.gather(*asked), strict=True):
            assert len(settle(agent, answer)) == 1
        assert shop.failpoints.hits["ingest.committed"] == 1
        assert writer.backlog == 0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_batch_that_cannot_go_on_fails_alone():
    async with open_shop("north", "south") as shop:
        writer = IngestWriter(shop.pipeline, SeededRandomness(1))
        bad = shop.agent("north").journal(script("sale", "1", SOLD)).batch()
        good = shop.agent("south").journal(script("sale", "1", SOLD))
        asked = [
            asyncio.create_task(writer.submit(replace(bad, session=b"old"))),
            asyncio.create_task(writer.submit(good.batch())),
        ]
        await asyncio.sleep(0)
        task = asyncio.create_task(writer.run())
        refused, settled = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(refused, Permanent)
        assert refused.reason is Reason.SESSION_SUPERSEDED
        assert not isinstance(settled, BaseException)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_database_trouble_is_tried_again_and_then_told_to_everyone():
    async def trouble() -> None:
        raise Transient(Reason.DATABASE_UNAVAILABLE, "The database is away.")

    async with open_shop("north") as shop:
        limits = WriterLimits(tries=3, backoff=Backoff(base=0.0, cap=0.0))
        async with running(shop, limits) as writer:
            agent = shop.agent("north").journal(script("sale", "1", SOLD))
            shop.failpoints.arm("ingest.before_commit", trouble)
            with pytest.raises(Transient, match="DATABASE_UNAVAILABLE"):
                await writer.submit(agent.batch())
            assert shop.failpoints.hits["ingest.before_commit"] == 3
            shop.failpoints.arm("ingest.before_commit", _pass)
            settle(agent, await writer.submit(agent.batch()))
        assert (await shop.position("north", "MUG")).on_hand == Decimal(-1)


async def test_fault_001_an_answer_lost_after_the_commit_is_no_second_booking():
    async def crash() -> None:
        message = "the process dies here"
        raise RuntimeError(message)

    async with open_shop("north") as shop, running(shop) as writer:
        agent = shop.agent("north").journal(script("sale", "1", SOLD))
        shop.failpoints.arm("ingest.committed", crash)
        with pytest.raises((Transient, Permanent)):
            await writer.submit(agent.batch())
        shop.failpoints.arm("ingest.committed", _pass)
        with pytest.raises(Permanent, match="SESSION_SUPERSEDED"):
            await writer.submit(agent.batch())
        assert (await shop.position("north", "MUG")).on_hand == Decimal(-1)


async def test_a_defect_parks_the_entry_it_is_about_and_no_other():
    async with open_shop("north", "south") as shop:
        hits = 0

        async def crash_on_groups() -> None:
            nonlocal hits
            hits += 1
            if hits in {1, 2}:
                message = "a defect"
                raise RuntimeError(message)

        shop.failpoints.arm("ingest.before_commit", crash_on_groups)
        writer = IngestWriter(shop.pipeline, SeededRandomness(1))
        agents = [shop.agent(store).journal(script("sale", "1", SOLD)) for store in ("north", "south")]
        asked = [asyncio.create_task(writer.submit(agent.batch())) for agent in agents]
        await asyncio.sleep(0)
        task = asyncio.create_task(writer.run())
        [parked], [booked] = [answer.verdicts for answer in await asyncio.gather(*asked)]
        assert (parked.outcome, parked.reason) == (Outcome.PARKED, Reason.INTERNAL)
        assert booked.outcome is Outcome.BOOKED
        assert shop.telemetry.total("ingest_failures") == 2
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_full_queue_refuses_and_a_stopped_writer_says_so():
    async with open_shop("north") as shop:
        writer = IngestWriter(shop.pipeline, SeededRandomness(1), WriterLimits(waiting=1))
        agent = shop.agent("north").journal(script("sale", "1", SOLD))
        waiting = asyncio.create_task(writer.submit(agent.batch()))
        await asyncio.sleep(0)
        with pytest.raises(Transient, match="OVERLOADED"):
            await writer.submit(agent.batch())
        task = asyncio.create_task(writer.run())
        shop.failpoints.arm("ingest.before_commit", asyncio.Event().wait)  # type: ignore[arg-type] # waits for ever
        while "ingest.before_commit" not in shop.failpoints.hits:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(Transient, match="NOT_READY"):
            await waiting
        shop.failpoints.arm("ingest.before_commit", _pass)


async def _pass() -> None:
    return
