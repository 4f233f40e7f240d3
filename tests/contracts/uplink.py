"""What the way up promises over any transport, as a suite: a transport's own test provides the fixture `transport` and inherits.

The fixtures `lane` (tests.lane.Lane) and `transport` are a real journal, the real core, and what is between them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.canonical.entry import Outcome
from adapters.canonical.uplink import Forked, Gap, Opened, OpenStream, SendBatch, Settled
from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason
from adapters.seams.transport import UplinkCall, UplinkTransport
from core_service.domain.fleet import Agent
from tests.core_service.shop import TENANT
from tests.eventually import deadline, eventually
from tests.lane import Box, Lane, once


class UplinkContract:
    """Inherit and provide `lane` and `transport`."""

    async def test_what_is_journalled_is_settled_with_its_verdicts(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        accepted = await lane.sell(3)
        async with lane.uplink(transport):
            await lane.all_settled()
        for one in accepted:
            state = await lane.journal.receipt(one.receipt_id)
            assert state is not None
            assert state.verdict is not None
            assert state.verdict.outcome is Outcome.BOOKED
        await lane.sound(3)

    async def test_a_sale_made_while_the_stream_is_idle_goes_at_once(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        async with lane.uplink(transport) as uplink:
            await eventually(lambda: _connected(uplink))
            await lane.sell(1)
            await lane.all_settled()
        await lane.sound(1)

    async def test_a_backlog_of_many_batches_drains_in_order(self, lane: Lane, transport: UplinkTransport) -> None:
        await lane.sell(700, pad=600)
        async with lane.uplink(transport):
            await lane.all_settled()
        await lane.sound(700)

    async def test_fault_001_a_reply_lost_after_the_commit_is_given_again_without_a_second_effect(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        """The core dies between its commit and the answer; the agent opens anew and hears the stored verdicts."""

        async def die() -> None:
            raise Transient(Reason.NOT_READY, "The core is killed here.")

        lane.core_failpoints.arm("stream.settled", once(die))
        accepted = await lane.sell(5)
        async with lane.uplink(transport):
            await lane.all_settled()
        state = await lane.journal.receipt(accepted[0].receipt_id)
        assert state is not None
        assert state.verdict is not None
        assert state.verdict.outcome is Outcome.BOOKED
        assert ("uplink_opened", (("action", "await_verdicts"),)) in lane.telemetry.counters
        await lane.sound(5)

    async def test_fault_002_an_older_stream_commits_nothing_after_a_newer_one_was_opened(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        await lane.sell(2)
        older, newer = await transport.open(), await transport.open()
        try:
            await older.send(await lane.opening())
            assert isinstance(await older.receive(), Opened)
            await newer.send(await lane.opening())
            assert isinstance(await newer.receive(), Opened)
            error = await _ends_with(older, await lane.batch())
            assert error.reason is Reason.SESSION_SUPERSEDED
            assert await lane.mugs_sold() == 0
            await newer.send(await lane.batch())
            settled = await newer.receive()
            assert isinstance(settled, Settled)
            assert settled.through == 2
        finally:
            await older.close()
            await newer.close()
        await lane.sound(2)

    async def test_fault_017_an_older_disk_image_forks_and_its_sales_are_booked_once(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        """The core's watermark lies beyond the image's own entries."""
        await lane.sell(3)
        async with lane.uplink(transport):
            await lane.all_settled()
        image = await Box.open(lane.box.folder.parent / "image", seed=2)
        head = await lane.journal.head()
        await _as_old_image(image, head.epoch, lane)
        async with lane.uplink(transport, box=image):
            await lane.all_settled(image)
        assert (await image.journal.head()).epoch != head.epoch
        await image.close()
        assert await lane.reasons_parked() == ["FORK"]
        await lane.sound(5)

    async def test_an_altered_entry_is_named_as_a_fork_and_alarmed_once(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        await lane.sell(2)
        batch = await lane.batch()
        altered = replace(batch.entries[1], content=replace(batch.entries[1].content, receipt_id="rcp_other"))
        for _ in range(2):
            call = await transport.open()
            try:
                await call.send(await lane.opening())
                assert isinstance(await call.receive(), Opened)
                await call.send(SendBatch(entries=(batch.entries[0], altered)))
                fork = await call.receive()
                assert isinstance(fork, Forked)
                assert fork.sequence == 1
                assert await call.receive() is None
            finally:
                await call.close()
        assert await lane.reasons_parked() == ["FORK"]
        await lane.sound(0)

    async def test_fault_043_a_restored_core_gets_settled_entries_again(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        """The core forgets the agent's stream: its watermark is back at 0, its sales are still on record."""
        await lane.sell(4)
        async with lane.uplink(transport):
            await lane.all_settled()
        await _forget_stream(lane)
        async with lane.uplink(transport) as uplink:
            await eventually(lambda: _connected(uplink))
            await lane.all_settled()
        assert ("uplink_opened", (("action", "rewind"),)) in lane.telemetry.counters
        await lane.sound(4)

    async def test_a_gap_that_the_journal_declares_is_alarmed_and_passed(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        await lane.sell(3)
        entries = await lane.entries()
        gap = Gap(first=1, last=2, chain=entries[1].chain, sentence="Damaged and put aside.")
        call = await transport.open()
        try:
            await call.send(await lane.opening())
            await call.receive()
            await call.send(SendBatch(entries=entries[2:], gap=gap))
            settled = await call.receive()
            assert isinstance(settled, Settled)
            assert (settled.through, len(settled.verdicts)) == (3, 1)
        finally:
            await call.close()
        assert await lane.reasons_parked() == ["JOURNAL_GAP"]
        await lane.sound(1)

    async def test_fault_057_a_revoked_agent_commits_nothing_and_goes_on_journalling(
        self, lane: Lane, transport: UplinkTransport
    ) -> None:
        async with lane.uplink(transport) as uplink:
            await lane.sell(1)
            await lane.all_settled()
            await _revoke(lane)
            await lane.sell(2, first=2)

            async def told() -> bool:
                return (await uplink.status()).revoked

            await eventually(told)
        assert await lane.box.unsettled() == 2
        await lane.sound(1)

    @pytest.mark.parametrize(
        ("field", "value", "path"),
        [
            ("epoch", b"short", "open.epoch"),
            ("settled_chain", b"", "open.settled_chain"),
            ("forked_from", b"x", "open.forked_from_epoch"),
            ("next_sequence", 0, "open.next_sequence"),
            ("settled_sequence", -1, "open.next_sequence"),
            ("clock_ms", -1, "open.clock_ms"),
        ],
    )
    async def test_fault_049_an_open_that_cannot_be_is_refused_with_its_field(
        self, lane: Lane, transport: UplinkTransport, field: str, value: object, path: str
    ) -> None:
        wrong = replace(await lane.opening(), **{field: value})  # type: ignore[arg-type] # fields of OpenStream
        error = await refused(transport, wrong)
        assert (error.reason, error.path) == (Reason.FIELD_INVALID, path)

    async def test_a_batch_before_the_open_is_refused(self, lane: Lane, transport: UplinkTransport) -> None:
        await lane.sell(1)
        assert (await refused(transport, await lane.batch())).reason is Reason.FIELD_MISSING

    async def test_a_second_open_is_refused(self, lane: Lane, transport: UplinkTransport) -> None:
        assert (await refused(transport, await lane.opening(), await lane.opening())).path == "open"

    async def test_an_empty_batch_is_refused(self, lane: Lane, transport: UplinkTransport) -> None:
        error = await refused(transport, await lane.opening(), SendBatch(entries=()))
        assert (error.reason, error.path) == (Reason.FIELD_INVALID, "batch.entries")

    async def test_entries_out_of_order_are_refused(self, lane: Lane, transport: UplinkTransport) -> None:
        await lane.sell(3)
        error = await refused(transport, await lane.opening(), await lane.batch(after=1))
        assert error.reason is Reason.SEQUENCE_UNEXPECTED
        await lane.sound(0)

    async def test_more_than_any_credit_in_flight_is_refused(self, lane: Lane, transport: UplinkTransport) -> None:
        await lane.sell(1)
        [entry] = await lane.entries()
        error = await refused(transport, await lane.opening(), SendBatch(entries=(entry,) * 1001))
        assert error.reason is Reason.TOO_LARGE


async def refused(transport: UplinkTransport, *messages: OpenStream | SendBatch) -> TillstreamError:
    """Send messages on a stream of their own and return the error it ends with."""
    call = await transport.open()
    try:
        return await _ends_with(call, *messages)
    finally:
        await call.close()


async def _ends_with(call: UplinkCall, *messages: OpenStream | SendBatch) -> TillstreamError:
    async with deadline(10, "the refusal"):
        try:
            for message in messages:
                await call.send(message)
            while await call.receive() is not None:
                pass
        except TillstreamError as error:
            return error
    pytest.fail("the stream ended in order")


async def _connected(uplink: object) -> bool:
    status = await uplink.status()  # type: ignore[attr-defined] # an Uplink
    return bool(status.connected)


async def _as_old_image(image: Box, epoch: bytes, lane: Lane) -> None:
    """Give a new box the epoch of the lane's and two sales of its own."""
    await image.database.write(lambda connection: connection.execute("UPDATE epoch SET id = ?", (epoch,)))
    genesis_of = await lane.journal.chain_at(0)
    await image.database.write(
        lambda connection: connection.execute(
            "UPDATE epoch SET last_chain = ?, settled_chain = ?, edge_chain = ?", (genesis_of,) * 3
        )
    )
    await image.sell(2, first=101)


async def _forget_stream(lane: Lane) -> None:
    from sqlalchemy import delete

    from core_service.store.tables.ingest import inbox, stream

    async with lane.shop.core.begin(TENANT) as uow:
        transaction = uow.streams._transaction  # type: ignore[attr-defined]
        await transaction.execute(delete(stream))
        await transaction.execute(delete(inbox))
        await uow.commit()


async def _revoke(lane: Lane) -> None:
    now = lane.shop.clock.now()
    async with lane.shop.core.begin(TENANT) as uow:
        agent = await uow.fleet.agent(lane.identity.agent)
        assert agent is not None
        await uow.fleet.put_agent(
            Agent(
                agent=agent.agent,
                store=agent.store,
                enrolled_at=agent.enrolled_at,
                serial=agent.serial,
                certificate_expires_at=now,
                revoked_at=now,
                epoch=agent.epoch,
            )
        )
        await uow.commit()
