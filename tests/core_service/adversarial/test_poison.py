"""A message that the database cannot hold parks alone: no stream stands still for it, and no other store waits (faults rows 32, 47)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.canonical.entry import Outcome
from adapters.canonical.money import Money
from adapters.canonical.sale import Reading, Sale, Tender
from adapters.pos.contract import TillContext
from adapters.reasons import Reason
from adapters.seams.randomness import SeededRandomness
from core_service.pipeline.continuity import DeclaredGap
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.writer import IngestWriter
from tests.core_service.shop import Shop, open_shop, settle
from tests.fakes.script_dialect import Line, ScriptDialect, script

SOLD = [Line("MUG", "1")]
Spoil = Callable[[Sale], Sale]


def _lines(**what: object) -> Spoil:
    return lambda sale: replace(sale, lines=tuple(replace(line, **what) for line in sale.lines))  # type: ignore[arg-type]


POISON: dict[str, Spoil] = {
    "amount beyond 64 bits": lambda sale: replace(sale, total=Money(2**64, "GBP")),
    "amount in another currency": lambda sale: replace(sale, total=Money(5, "EUR")),
    "tender beyond 64 bits": lambda sale: replace(sale, tenders=(Tender(kind="cash", amount=Money(2**70, "GBP")),)),
    "half a surrogate pair": _lines(description="\ud800"),
    "half a pair in an attribute": lambda sale: replace(sale, attributes={"note": "\udfff"}),
    "line number beyond 64 bits": _lines(number=2**65),
    "offset beyond 64 bits": lambda sale: replace(sale, utc_offset_minutes=2**65),
    "no number": _lines(quantity=Decimal("NaN")),
}


class PoisonDialect(ScriptDialect):
    """Reads scripts, and spoils those that say `poison`."""

    def __init__(self, spoil: Spoil) -> None:
        self._spoil = spoil

    def read(self, raw: bytes, context: TillContext) -> Reading:
        """Return the document, spoilt."""
        reading = super().read(raw, context)
        if b"poison" not in raw or not isinstance(reading.document, Sale):
            return reading
        return replace(reading, document=self._spoil(reading.document))


@asynccontextmanager
async def writing(shop: Shop, spoil: Spoil) -> AsyncIterator[IngestWriter]:
    """Run a writer whose dialect spoils."""
    readers = replace(shop.pipeline.readers, dialect=lambda _: PoisonDialect(spoil))
    shop.pipeline = replace(shop.pipeline, readers=readers)
    pipeline: Pipeline = shop.pipeline
    writer = IngestWriter(pipeline, SeededRandomness(1))
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("ship", [False, True], ids=["carried out", "to be sent"])
@pytest.mark.parametrize("what", POISON)
async def test_fault_032_poison_parks_alone_in_its_batch_and_in_its_group(what: str, ship: bool) -> None:
    """The entries around it book once, so do other stores' batches of the same transaction, and the stream goes on."""
    async with open_shop("north", "south") as shop, writing(shop, POISON[what]) as writer:
        await shop.receive("wh-east", "MUG", "9")
        north, south = shop.agent("north"), shop.agent("south")
        north.journal(*(script("sale", str(number), SOLD) for number in range(5)))
        north.journal(script("sale", "bad", [Line("MUG", "1", ship)], poison=True), script("sale", "6", SOLD))
        south.journal(script("sale", "1", SOLD))
        answers = await asyncio.gather(writer.submit(north.batch()), writer.submit(south.batch()))
        verdicts = settle(north, answers[0])
        assert [verdict.sequence for verdict in verdicts] == [1, 2, 3, 4, 5, 6, 7]
        assert [verdict.outcome for verdict in verdicts] == [*[Outcome.BOOKED] * 5, Outcome.PARKED, Outcome.BOOKED]
        assert [verdict.outcome for verdict in settle(south, answers[1])] == [Outcome.BOOKED]
        north.journal(script("sale", "7", SOLD))
        settle(north, await writer.submit(north.batch()))
        assert (await shop.position("north", "MUG")).on_hand == Decimal(-7)
        await shop.sound()


async def test_a_gap_before_a_poisonous_batch_is_declared_once() -> None:
    """Halving does not declare it again, and loses none of the batch."""
    async with open_shop("north") as shop, writing(shop, POISON["amount in another currency"]) as writer:
        agent = shop.agent("north")
        agent.journal(*(script("sale", str(number), SOLD) for number in range(4)))
        agent.journal(script("sale", "bad", SOLD, poison=True))
        gap = DeclaredGap(first=1, last=2, chain=agent.chain_at(2), sentence="A torn page.")
        batch = replace(agent.batch(), entries=tuple(agent.entries[2:]), gap=gap)
        verdicts = settle(agent, await writer.submit(batch))
        assert [verdict.outcome for verdict in verdicts] == [Outcome.BOOKED, Outcome.BOOKED, Outcome.PARKED]
        async with shop.core.read("acme") as uow:
            assert len(await uow.exceptions.list(Reason.JOURNAL_GAP, None, None, 10)) == 1


@pytest.mark.parametrize("what", POISON)
async def test_replaying_poison_books_nothing_of_it_and_leaves_it_open(what: str) -> None:
    """What cannot be written is rolled back whole: no goods move for a sale that is not on record."""
    async with open_shop("north") as shop, writing(shop, POISON[what]) as writer:
        agent = shop.agent("north").journal(script("sale", "bad", SOLD, poison=True))
        [verdict] = settle(agent, await writer.submit(agent.batch()))
        await shop.replay(verdict.record_id)
        again = await shop.replay(verdict.record_id)
        assert (again.exception.status, again.exception.replays) == ("OPEN", 2)
        assert (await shop.position("north", "MUG")).on_hand == 0
        await shop.sound()


async def test_replaying_mended_poison_books_it_once() -> None:
    """After an update of the dialect the sale books as if nothing had been."""
    async with open_shop("north") as shop:
        async with writing(shop, POISON["amount beyond 64 bits"]) as writer:
            agent = shop.agent("north").journal(script("sale", "bad", SOLD, poison=True))
            [verdict] = settle(agent, await writer.submit(agent.batch()))
        async with writing(shop, lambda sale: sale):
            assert (await shop.replay(verdict.record_id)).record_id
            assert (await shop.replay(verdict.record_id)).record_id
        assert (await shop.position("north", "MUG")).on_hand == Decimal(-1)
        await shop.sound()
