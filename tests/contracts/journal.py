"""What every `edge_agent.ports.Journal` promises, as a suite that takes a factory: a journal's own test is a fixture plus inheritance.

The fixture `journal` yields an empty journal whose disk budget holds at least a hundred small entries.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.canonical.chain import genesis, link
from adapters.canonical.entry import EntryId, EntryKind, Outcome, Verdict
from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.ports import Journal
from tests.contracts.drafts import MOMENT, rejected, sale
from tests.eventually import deadline, eventually

PLENTY = 10**9


class JournalContract:
    """Inherit and provide the fixture `journal`."""

    async def test_first_acceptance_gets_the_drafts_receipt(self, journal: Journal) -> None:
        accepted = await journal.append(sale(1))
        assert (accepted.receipt_id, accepted.first, accepted.received_at) == ("rcp_1_0_a", True, MOMENT)
        assert accepted.entry == EntryId(epoch=(await journal.head()).epoch, sequence=1)

    async def test_the_same_fact_gets_its_first_answer_again(self, journal: Journal) -> None:
        first = await journal.append(sale(1))
        again = replace(sale(1), content=replace(sale(1).content, receipt_id="rcp_other", raw=b"{ }"))
        assert await journal.append(again) == replace(first, first=False)
        assert (await journal.head()).next_sequence == 2

    async def test_the_same_revision_with_other_contents_is_a_conflict(self, journal: Journal) -> None:
        await journal.append(sale(1))
        with pytest.raises(Permanent) as refused:
            await journal.append(sale(1, contents="b"))
        assert refused.value.reason is Reason.CONFLICTING_DUPLICATE
        assert (await journal.head()).next_sequence == 2

    @pytest.mark.parametrize("revision", [1, 3])
    async def test_another_revision_is_journalled_for_the_core_to_decide(self, journal: Journal, revision: int) -> None:
        await journal.append(sale(1, revision=2))
        accepted = await journal.append(sale(1, revision=revision, contents="b"))
        assert accepted.first
        assert accepted.entry.sequence == 2

    async def test_two_versions_of_a_fingerprint_are_never_compared(self, journal: Journal) -> None:
        await journal.append(sale(1))
        other = sale(1, contents="b")
        assert other.content.key is not None
        newer = replace(other, content=replace(other.content, key=replace(other.content.key, fingerprint_version=2)))
        assert (await journal.append(newer)).first

    async def test_a_repeated_request_gets_its_first_answer_again(self, journal: Journal) -> None:
        key = ("t1", "key-1", b"d" * 32)
        first = await journal.append(sale(1, repeat_key=key))
        assert await journal.append(sale(2, repeat_key=key)) == replace(first, first=False)

    async def test_a_request_key_that_stood_for_another_request_is_refused(self, journal: Journal) -> None:
        await journal.append(sale(1, repeat_key=("t1", "key-1", b"d" * 32)))
        with pytest.raises(Permanent) as refused:
            await journal.append(sale(2, repeat_key=("t1", "key-1", b"e" * 32)))
        assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED

    async def test_request_keys_of_two_tills_do_not_meet(self, journal: Journal) -> None:
        await journal.append(sale(1, repeat_key=("t1", "key-1", b"d" * 32)))
        assert (await journal.append(sale(2, repeat_key=("t2", "key-1", b"e" * 32)))).first

    async def test_many_at_once_are_numbered_without_holes_and_chained(self, journal: Journal) -> None:
        accepted = await asyncio.gather(*[journal.append(sale(number)) for number in range(1, 41)])
        assert sorted(one.entry.sequence for one in accepted) == list(range(1, 41))
        head, run = await journal.head(), await journal.read(0, 100, PLENTY)
        chain = genesis(head.epoch)
        for sequence, entry in enumerate(run.entries, start=1):
            chain = link(chain, sequence, entry.content)
            assert (entry.id, entry.chain) == (EntryId(epoch=head.epoch, sequence=sequence), chain)
            assert await journal.chain_at(sequence) == chain

    async def test_an_entry_reads_as_it_was_drafted(self, journal: Journal) -> None:
        drafts = [replace(sale(1), traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01"), rejected(2)]
        for draft in drafts:
            await journal.append(draft)
        run = await journal.read(0, 10, PLENTY)
        assert [(entry.content, entry.traceparent) for entry in run.entries] == [
            (d.content, d.traceparent) for d in drafts
        ]
        assert run.entries[1].content.kind is EntryKind.REJECTED

    async def test_reading_keeps_its_limits_but_gives_at_least_one(self, journal: Journal) -> None:
        for number in range(1, 6):
            await journal.append(sale(number))
        assert [e.id.sequence for e in (await journal.read(1, 2, PLENTY)).entries] == [2, 3]
        assert [e.id.sequence for e in (await journal.read(4, 10, 1)).entries] == [5]
        size = len(sale(1).content.raw)
        assert [e.id.sequence for e in (await journal.read(0, 10, 2 * size)).entries] == [1, 2]
        assert (await journal.read(5, 10, PLENTY)).entries == ()

    async def test_settling_moves_the_head_and_answers_for_receipts(self, journal: Journal) -> None:
        for number in range(1, 4):
            await journal.append(sale(number))
        verdict = Verdict(sequence=1, outcome=Outcome.BOOKED, record_id="sal_1", order_ids=("ord_1", "ord_2"))
        await journal.settle(
            2, [verdict, Verdict(sequence=2, outcome=Outcome.PARKED, reason="SKU_UNKNOWN", sentence="No such SKU.")]
        )
        head = await journal.head()
        assert (head.settled_sequence, head.settled_chain, head.entries_unsettled) == (2, await journal.chain_at(2), 1)
        state = await journal.receipt("rcp_1_0_a")
        assert state is not None
        assert (state.till, state.verdict) == ("t1", verdict)
        unsettled = await journal.receipt("rcp_3_0_a")
        assert unsettled is not None
        assert unsettled.verdict is None
        assert await journal.receipt("rcp_unknown") is None

    async def test_settling_again_or_less_changes_nothing(self, journal: Journal) -> None:
        for number in range(1, 4):
            await journal.append(sale(number))
        await journal.settle(3, [Verdict(sequence=n, outcome=Outcome.BOOKED) for n in (1, 2, 3)])
        before = await journal.head()
        await journal.settle(2, [Verdict(sequence=2, outcome=Outcome.BOOKED)])
        assert await journal.head() == before

    async def test_an_answer_about_an_epoch_that_was_left_settles_nothing(self, journal: Journal) -> None:
        await journal.append(sale(1))
        old = await journal.head()
        forked = await journal.fork("The core holds another history.")
        await journal.settle(1, [Verdict(sequence=1, outcome=Outcome.BOOKED)], epoch=old.epoch)
        assert await journal.head() == forked
        await journal.settle(1, [Verdict(sequence=1, outcome=Outcome.BOOKED)], epoch=forked.epoch)
        assert (await journal.head()).settled_sequence == 1

    async def test_settling_what_was_never_journalled_is_refused(self, journal: Journal) -> None:
        await journal.append(sale(1))
        with pytest.raises(Permanent) as refused:
            await journal.settle(2, [])
        assert refused.value.reason is Reason.SEQUENCE_UNEXPECTED

    async def test_a_restored_core_gets_settled_entries_again(self, journal: Journal) -> None:
        for number in range(1, 5):
            await journal.append(sale(number))
        await journal.settle(4, [Verdict(sequence=n, outcome=Outcome.BOOKED) for n in range(1, 5)])
        await journal.rewind(1)
        head = await journal.head()
        assert (head.settled_sequence, head.settled_chain, head.entries_unsettled) == (1, await journal.chain_at(1), 3)
        assert [e.id.sequence for e in (await journal.read(1, 10, PLENTY)).entries] == [2, 3, 4]
        kept, taken = await journal.receipt("rcp_1_0_a"), await journal.receipt("rcp_2_0_a")
        assert kept is not None
        assert kept.verdict is not None
        assert taken is not None
        assert taken.verdict is None

    async def test_a_fork_journals_the_unsettled_again_in_order_with_their_previous_identity(
        self, journal: Journal
    ) -> None:
        for number in range(1, 5):
            await journal.append(sale(number))
        await journal.settle(2, [])
        old = await journal.head()
        head = await journal.fork("The core holds another history.")
        assert head == await journal.head()
        assert (head.forked_from, head.next_sequence, head.settled_sequence) == (old.epoch, 3, 0)
        assert head.epoch != old.epoch
        assert head.settled_chain == genesis(head.epoch)
        run = await journal.read(0, 10, PLENTY)
        assert [entry.content for entry in run.entries] == [sale(3).content, sale(4).content]
        assert [entry.previous_id for entry in run.entries] == [EntryId(epoch=old.epoch, sequence=n) for n in (3, 4)]
        assert run.entries[1].chain == link(link(genesis(head.epoch), 1, sale(3).content), 2, sale(4).content)

    async def test_repeats_are_known_and_receipts_found_after_a_fork(self, journal: Journal) -> None:
        for number in (1, 2):
            await journal.append(sale(number, repeat_key=("t1", f"key-{number}", b"d" * 32)))
        await journal.settle(1, [Verdict(sequence=1, outcome=Outcome.BOOKED)])
        head = await journal.fork("The core holds another history.")
        for number in (1, 2):
            assert not (await journal.append(sale(number))).first
            assert not (await journal.append(sale(number + 10, repeat_key=("t1", f"key-{number}", b"d" * 32)))).first
        moved = await journal.receipt("rcp_2_0_a")
        assert moved is not None
        assert moved.entry == EntryId(epoch=head.epoch, sequence=1)

    async def test_waiting_ends_with_the_next_entry(self, journal: Journal) -> None:
        await journal.append(sale(1))
        async with deadline(5):
            await journal.appended(0)
        waiting = asyncio.create_task(journal.appended(1))
        assert not (await asyncio.wait([waiting], timeout=0.02))[0]
        await journal.append(sale(2))
        await eventually(waiting.done)

    async def test_the_genesis_is_known_and_an_unwritten_place_is_not(self, journal: Journal) -> None:
        head = await journal.head()
        assert await journal.chain_at(0) == genesis(head.epoch) == head.settled_chain
        assert await journal.chain_at(1) is None
