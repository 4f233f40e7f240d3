"""Whatever happens to a journal, in any order: a model that keeps plain lists says what it must still know."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from adapters.canonical.chain import genesis, link
from adapters.canonical.entry import EntryContent, EntryId, Outcome, Verdict
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.executor import InlineExecutor
from tests.contracts.drafts import sale
from tests.edge_agent.journal.conftest import Desk

T = TypeVar("T")
PLENTY = 10**9


@dataclass
class Model:
    """The present epoch's contents in order, how many of them are settled, and what was told about each fact."""

    contents: list[EntryContent] = field(default_factory=list)
    previous: list[EntryId | None] = field(default_factory=list)
    settled: int = 0
    facts: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    requests: dict[str, tuple[int, str]] = field(default_factory=dict)
    verdicts: dict[str, Outcome] = field(default_factory=dict)
    older: list[tuple[EntryContent, EntryId]] = field(default_factory=list)


class JournalHistory(RuleBasedStateMachine):
    """Appends (new, repeated, conflicting, amended), settles, rewinds, forks and restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.desk = Desk(self.folder, InlineExecutor())
        self.run(self.desk.open())
        self.model = Model()

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.loop.run_until_complete(awaited())

    def teardown(self) -> None:
        self.run(self.desk.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    @rule(number=st.integers(1, 6), revision=st.integers(0, 2), contents=st.sampled_from("ab"))
    def append(self, number: int, revision: int, contents: str) -> None:
        known = self.model.facts.get((number, revision))
        draft = sale(number, revision=revision, contents=contents)
        if known is None:
            assert self.run(self.desk.journal.append(draft)).first
            self.model.contents.append(draft.content)
            self.model.previous.append(None)
            self.model.facts[number, revision] = (contents, draft.content.receipt_id)
        elif known[0] == contents:
            accepted = self.run(self.desk.journal.append(draft))
            assert (accepted.first, accepted.receipt_id) == (False, known[1])
        else:
            with pytest.raises(Permanent) as refused:
                self.run(self.desk.journal.append(draft))
            assert refused.value.reason is Reason.CONFLICTING_DUPLICATE

    @rule(upto=st.integers(0, 10), outcome=st.sampled_from(Outcome))
    def settle(self, upto: int, outcome: Outcome) -> None:
        through = min(len(self.model.contents), upto)
        fresh = range(self.model.settled + 1, through + 1)
        self.run(self.desk.journal.settle(through, [Verdict(sequence=n, outcome=outcome) for n in fresh]))
        self.model.verdicts |= {self.model.contents[n - 1].receipt_id: outcome for n in fresh}
        self.model.settled = max(self.model.settled, through)

    @precondition(lambda self: self.model.settled > 0)
    @rule(back=st.integers(1, 3))
    def core_was_restored(self, back: int) -> None:
        watermark = max(0, self.model.settled - back)
        self.run(self.desk.journal.rewind(watermark))
        for content in self.model.contents[watermark : self.model.settled]:
            self.model.verdicts.pop(content.receipt_id, None)
        self.model.settled = watermark
        if watermark == 0:
            for content, place in self.model.older:
                self.model.contents.append(content)
                self.model.previous.append(place)
                self.model.verdicts.pop(content.receipt_id, None)
            self.model.older = []

    @rule()
    def fork(self) -> None:
        old = self.run(self.desk.journal.head())
        self.run(self.desk.journal.fork("The core holds another history."))
        places = [EntryId(epoch=old.epoch, sequence=n) for n in range(1, len(self.model.contents) + 1)]
        settled = self.model.settled
        self.model.older += list(zip(self.model.contents[:settled], places[:settled], strict=True))
        self.model.contents = self.model.contents[settled:]
        self.model.previous = list(places[settled:])
        self.model.settled = 0

    @rule()
    def restart(self) -> None:
        self.run(self.desk.restart())

    @invariant()
    def the_journal_reads_as_the_model(self) -> None:
        head = self.run(self.desk.journal.head())
        run = self.run(self.desk.journal.read(0, 1000, PLENTY))
        assert [entry.content for entry in run.entries] == self.model.contents
        assert [entry.previous_id for entry in run.entries] == self.model.previous
        chain = genesis(head.epoch)
        for sequence, content in enumerate(self.model.contents, start=1):
            if sequence == self.model.settled + 1:
                assert head.settled_chain == chain
            chain = link(chain, sequence, content)
            assert run.entries[sequence - 1].chain == chain
        assert (head.next_sequence, head.settled_sequence) == (len(self.model.contents) + 1, self.model.settled)
        assert head.entries_unsettled == len(self.model.contents) - self.model.settled
        assert self.run(self.desk.journal.verify()) == ()

    @invariant()
    def every_receipt_is_answered_for(self) -> None:
        for _, receipt in self.model.facts.values():
            state = self.run(self.desk.journal.receipt(receipt))
            assert state is not None
            assert (state.verdict.outcome if state.verdict else None) == self.model.verdicts.get(receipt)


TestJournalHistory = JournalHistory.TestCase
TestJournalHistory.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
