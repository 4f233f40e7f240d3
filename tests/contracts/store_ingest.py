"""What every store promises to ingest: positions moved by their session only, verdicts for ever, keys once, raw bytes forgotten on demand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.canonical.chain import genesis
from adapters.canonical.entry import Outcome
from adapters.canonical.money import Money
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.ports.ingest import StreamPosition
from core_service.ports.unit_of_work import CoreStore
from tests.contracts import records, setup_records
from tests.contracts.records import EARLIER_EPOCH, EPOCH, chain

_START = StreamPosition(watermark=0, chain=genesis(EPOCH))


def _at(watermark: int) -> StreamPosition:
    return StreamPosition(watermark=watermark, chain=chain(watermark))


class IngestStoreContract:
    """Streams, inbox, business keys, sales and sealed raw bytes."""

    async def test_an_epoch_starts_at_its_genesis(self, core: CoreStore) -> None:
        """An epoch never seen stands at watermark 0 with its genesis, opened or not."""
        async with core.begin("acme") as uow:
            assert await uow.streams.position("agt_1", EPOCH) == _START
            assert await uow.streams.open("agt_1", EPOCH, b"session") == _START
            await uow.commit()

    async def test_a_watermark_moves_and_is_kept_for_each_epoch(self, core: CoreStore) -> None:
        """An agent's epochs and two tenants' agents of one name have their own positions."""
        for tenant, reached in (("acme", 3), ("bolt", 8)):
            async with core.begin(tenant) as uow:
                await uow.streams.open("agt_1", EPOCH, b"session")
                assert await uow.streams.advance("agt_1", EPOCH, b"session", _START, _at(reached))
                await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.streams.position("agt_1", EPOCH) == _at(3)
            assert await uow.streams.position("agt_1", EARLIER_EPOCH) == replace(_START, chain=genesis(EARLIER_EPOCH))
            assert await uow.streams.position("agt_2", EPOCH) == _START
        async with core.begin("acme") as uow:
            assert await uow.streams.open("agt_1", EPOCH, b"later") == _at(3)

    async def test_fault_002_an_old_stream_cannot_move_the_watermark_after_a_new_one_was_opened(
        self, core: CoreStore
    ) -> None:
        """The zombie's session is refused, also when the new stream is in another epoch."""
        async with core.begin("acme") as uow:
            await uow.streams.open("agt_1", EPOCH, b"old")
            await uow.streams.open("agt_1", EPOCH, b"new")
            assert not await uow.streams.advance("agt_1", EPOCH, b"old", _START, _at(1))
            assert await uow.streams.advance("agt_1", EPOCH, b"new", _START, _at(1))
            await uow.streams.open("agt_1", EARLIER_EPOCH, b"newest")
            assert not await uow.streams.advance("agt_1", EPOCH, b"new", _at(1), _at(2))
            await uow.commit()

    async def test_another_tenants_session_of_the_same_agent_name_is_no_rival(self, core: CoreStore) -> None:
        """Opening a stream touches the tenant's own agent only."""
        async with core.begin("acme") as uow:
            await uow.streams.open("agt_1", EPOCH, b"a")
            await uow.commit()
        async with core.begin("bolt") as uow:
            await uow.streams.open("agt_1", EPOCH, b"b")
            assert not await uow.streams.advance("agt_1", EPOCH, b"a", _START, _at(1))
            await uow.commit()
        async with core.begin("acme") as uow:
            assert await uow.streams.advance("agt_1", EPOCH, b"a", _START, _at(1))

    @pytest.mark.parametrize("expected", [_at(1), replace(_START, chain=chain(1)), replace(_START, watermark=1)])
    async def test_a_watermark_moves_only_from_where_it_stands(self, core: CoreStore, expected: StreamPosition) -> None:
        """Another watermark or another chain than expected is refused."""
        async with core.begin("acme") as uow:
            await uow.streams.open("agt_1", EPOCH, b"session")
            assert not await uow.streams.advance("agt_1", EPOCH, b"session", expected, _at(5))
            assert await uow.streams.position("agt_1", EPOCH) == _START

    async def test_an_epoch_never_opened_cannot_be_moved(self, core: CoreStore) -> None:
        """There is no session without opening."""
        async with core.begin("acme") as uow:
            assert not await uow.streams.advance("agt_1", EPOCH, b"", _START, _at(1))

    async def test_fault_057_a_revoked_agent_cannot_move_its_watermark(self, core: CoreStore) -> None:
        """Its open stream ends with its next batch; an agent of the same name elsewhere goes on."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.fleet.put_agent(setup_records.agent())
                await uow.streams.open("agt_1", EPOCH, b"session")
                await uow.commit()
        async with core.begin("acme") as uow:
            await uow.fleet.put_agent(replace(setup_records.agent(), revoked_at=records.T0))
            await uow.commit()
        async with core.begin("acme") as uow:
            assert not await uow.streams.advance("agt_1", EPOCH, b"session", _START, _at(1))
        async with core.begin("bolt") as uow:
            assert await uow.streams.advance("agt_1", EPOCH, b"session", _START, _at(1))

    async def test_entries_and_verdicts_are_read_back_whole(self, core: CoreStore) -> None:
        """Everything but the raw bytes comes back, of one's own tenant."""
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.begin(tenant) as uow:
                await uow.inbox.add([records.inbox_row(number, mark) for number in (1, 2, 3)])
                await uow.commit()
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.read(tenant) as uow:
                assert await uow.inbox.get("agt_1", EPOCH, 2) == records.inbox_row(2, mark)
                assert await uow.inbox.by_receipt("rcp_3") == records.inbox_row(3, mark)
                assert await uow.inbox.verdicts("agt_1", EPOCH, 1, 3) == [
                    records.verdict(number, mark) for number in (2, 3)
                ]
                assert await uow.inbox.verdicts("agt_2", EPOCH, 0, 9) == []
                assert await uow.inbox.get("agt_1", EPOCH, 4) is None
                assert await uow.inbox.by_receipt("rcp_9") is None

    async def test_an_entry_without_key_and_history_is_read_back(self, core: CoreStore) -> None:
        """Absent parts stay absent, and the receipt of an entry without one is never found."""
        full = records.inbox_row(1)
        content = replace(full.entry.content, key=None, receipt_id="")
        bare = replace(full, entry=replace(full.entry, content=content, previous_id=None))
        async with core.begin("acme") as uow:
            await uow.inbox.add([bare])
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.inbox.get("agt_1", EPOCH, 1) == bare
            assert await uow.inbox.by_receipt("") is None

    async def test_a_receipt_journalled_again_answers_with_its_first_entry(self, core: CoreStore) -> None:
        """After a fork the repeat has the same receipt; the first verdict is the one that counts."""
        async with core.begin("acme") as uow:
            await uow.inbox.add([records.inbox_row(5, receipt="rcp_x"), records.inbox_row(2, receipt="rcp_x")])
            found = await uow.inbox.by_receipt("rcp_x")
            assert found is not None
            assert found.entry.id.sequence == 2

    async def test_an_entry_is_recorded_once(self, core: CoreStore) -> None:
        """(agent, epoch, sequence) is unique for ever (faults row 39)."""
        async with core.begin("acme") as uow:
            await uow.inbox.add([records.inbox_row(1)])
            await uow.commit()
        with pytest.raises(Permanent) as refused:
            async with core.begin("acme") as uow:
                await uow.inbox.add([records.inbox_row(1, "other")])
        assert refused.value.reason is Reason.ALREADY_EXISTS

    async def test_a_verdict_is_replaced_by_a_replay(self, core: CoreStore) -> None:
        """Only that entry's, only in that tenant."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.inbox.add([records.inbox_row(1), records.inbox_row(2)])
                await uow.commit()
        booked = replace(records.verdict(1), outcome=Outcome.BOOKED, reason="", sentence="", order_ids=())
        async with core.begin("acme") as uow:
            await uow.inbox.replace_verdict("agt_1", EPOCH, booked)
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.inbox.verdicts("agt_1", EPOCH, 0, 9) == [booked, records.verdict(2)]
        async with core.read("bolt") as uow:
            assert await uow.inbox.verdicts("agt_1", EPOCH, 0, 9) == [records.verdict(1), records.verdict(2)]

    async def test_business_keys_are_found_newest_first(self, core: CoreStore) -> None:
        """Many names are asked at once; unknown ones are absent; tenants do not see each other's."""
        facts = [records.known("17", revision) for revision in (0, 2, 1)]
        async with core.begin("acme") as uow:
            await uow.keys.add([*facts, records.known("18", mark="é'\"")])
            await uow.commit()
        names = [records.known(reference).key.name for reference in ("17", "18", "19", "17")]
        async with core.read("acme") as uow:
            found = await uow.keys.find(names)
            assert await uow.keys.find([]) == {}
        assert [fact.key.revision for fact in found[names[0]]] == [2, 1, 0]
        assert found[names[1]] == [records.known("18", mark="é'\"")]
        assert len(found) == 2
        async with core.read("bolt") as uow:
            assert await uow.keys.find(names) == {}

    async def test_a_name_in_one_revision_is_recorded_once(self, core: CoreStore) -> None:
        """A second fact of that name and revision is refused; another tenant's is not."""
        async with core.begin("acme") as uow:
            await uow.keys.add([records.known("17")])
            await uow.commit()
        async with core.begin("bolt") as uow:
            await uow.keys.add([records.known("17")])
            await uow.commit()
        with pytest.raises(Permanent):
            async with core.begin("acme") as uow:
                await uow.keys.add([records.known("17", mark="again")])

    async def test_a_thousand_names_are_found_at_once(self, core: CoreStore) -> None:
        """A batch's names are one question."""
        facts = [records.known(f"r{number}") for number in range(1000)]
        async with core.begin("acme") as uow:
            await uow.keys.add(facts)
            found = await uow.keys.find([fact.key.name for fact in facts])
        assert len(found) == 1000

    async def test_documents_are_read_back_whole_in_their_newest_revision(self, core: CoreStore) -> None:
        """Lines, tenders, amounts, address and attributes, of one's own tenant."""
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.begin(tenant) as uow:
                await uow.sales.add(
                    [
                        records.sale_record(mark=mark),
                        records.sale_record(revision=3, mark=mark + "3"),
                        records.bare_sale_record("sal_2"),
                    ]
                )
                await uow.commit()
        for tenant, mark in (("acme", "a"), ("bolt", "b")):
            async with core.read(tenant) as uow:
                assert await uow.sales.get(["sal_1", "sal_2", "sal_3"]) == {
                    "sal_1": records.sale_record(revision=3, mark=mark + "3"),
                    "sal_2": records.bare_sale_record("sal_2"),
                }
                assert await uow.sales.get([]) == {}

    async def test_an_amount_in_another_currency_than_its_document_is_refused(self, core: CoreStore) -> None:
        """No amount is ever stored under a wrong currency."""
        record = records.sale_record()
        wrong = replace(record, sale=replace(record.sale, total=Money(1450, "EUR")))
        async with core.begin("acme") as uow:
            with pytest.raises(Permanent) as refused:
                await uow.sales.add([wrong])
        assert refused.value.reason is Reason.CURRENCY_INVALID

    async def test_a_document_is_voided(self, core: CoreStore) -> None:
        """Only that one, only in that tenant."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.sales.add([records.sale_record(), records.sale_record("sal_2")])
                await uow.commit()
        async with core.begin("acme") as uow:
            await uow.sales.void("sal_1", "sal_9")
            await uow.commit()
        async with core.read("acme") as uow:
            found = await uow.sales.get(["sal_1", "sal_2"])
        assert {name: record.voided_by for name, record in found.items()} == {"sal_1": "sal_9", "sal_2": ""}
        async with core.read("bolt") as uow:
            assert (await uow.sales.get(["sal_1"]))["sal_1"].voided_by == ""

    async def test_facts_stand_beside_their_document(self, core: CoreStore) -> None:
        """A newer state of the same fact replaces the older; a fact may come before its document."""
        async with core.begin("acme") as uow:
            await uow.sales.add_facts([records.fact_record(), records.fact_record("fct_2")])
            await uow.sales.add_facts([records.fact_record(mark="!")])
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.sales.facts_of("sal_1") == [records.fact_record(mark="!"), records.fact_record("fct_2")]
        async with core.read("bolt") as uow:
            assert await uow.sales.facts_of("sal_1") == []

    async def test_raw_bytes_come_back_until_they_are_erased(self, core: CoreStore) -> None:
        """An erased record stays erased, also when the same id is put again; other records and tenants keep theirs."""
        for tenant in ("acme", "bolt"):
            async with core.begin(tenant) as uow:
                await uow.raw.put([("raw_1", tenant.encode()), ("raw_2", b"\x00\xff" * 5000), ("raw_3", b"")])
                await uow.commit()
        async with core.begin("acme") as uow:
            await uow.raw.erase("raw_1")
            await uow.raw.put([("raw_1", b"again")])
            await uow.commit()
        async with core.read("acme") as uow:
            assert await uow.raw.get("raw_1") is None
            assert await uow.raw.get("raw_2") == b"\x00\xff" * 5000
            assert await uow.raw.get("raw_3") == b""
            assert await uow.raw.get("raw_4") is None
        async with core.read("bolt") as uow:
            assert await uow.raw.get("raw_1") == b"bolt"

    async def test_raw_bytes_put_twice_are_the_first(self, core: CoreStore) -> None:
        """Ids are derived, so a repeat is the same message."""
        async with core.begin("acme") as uow:
            await uow.raw.put([("raw_1", b"first")])
            await uow.raw.put([("raw_1", b"second"), ("raw_2", b"other")])
            assert await uow.raw.get("raw_1") == b"first"
            assert await uow.raw.get("raw_2") == b"other"

    async def test_a_tenant_not_set_up_seals_nothing(self, core: CoreStore) -> None:
        """Without a tenant's key there is no sealing, and the sentence says what to do."""
        async with core.begin("nobody") as uow:
            with pytest.raises(Permanent) as refused:
                await uow.raw.put([("raw_1", b"x")])
        assert refused.value.reason is Reason.REFERENCE_UNKNOWN
