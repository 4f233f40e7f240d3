"""Positions of agents' streams: a session and an expected position in, the watermark moved or refused out (zombie streams)."""

from __future__ import annotations

from sqlalchemy import select, update

from adapters.canonical.chain import genesis
from core_service.ports.ingest import StreamPosition
from core_service.store.tables.fleet import agent as agents
from core_service.store.tables.ingest import stream
from core_service.store.transaction import Transaction


class SqlStreams:
    """Streams of one tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def open(self, agent: str, epoch: bytes, session: bytes) -> StreamPosition:
        """Give the agent's only session to `session` and return the position of the epoch."""
        begun = {"agent": agent, "epoch": epoch, "watermark": 0, "chain": genesis(epoch), "session": session}
        await self._transaction.add_new(stream, [begun])
        mine = self._transaction.mine(stream)
        await self._transaction.execute(update(stream).where(mine, stream.c.agent == agent).values(session=session))
        return await self.position(agent, epoch)

    async def position(self, agent: str, epoch: bytes) -> StreamPosition:
        """Return the position of an epoch."""
        row = await self._transaction.row(
            select(stream.c.watermark, stream.c.chain).where(
                self._transaction.mine(stream), stream.c.agent == agent, stream.c.epoch == epoch
            )
        )
        if row is None:
            return StreamPosition(watermark=0, chain=genesis(epoch))
        return StreamPosition(watermark=row.watermark, chain=row.chain)

    async def advance(
        self, agent: str, epoch: bytes, session: bytes, expected: StreamPosition, reached: StreamPosition
    ) -> bool:
        """Move the watermark if `session` still is the agent's and it stands at `expected`, and the agent is not revoked; False otherwise."""
        revoked = (
            select(agents.c.agent)
            .where(self._transaction.mine(agents), agents.c.agent == agent, agents.c.revoked_at.is_not(None))
            .exists()
        )
        moved = await self._transaction.changed(
            update(stream)
            .where(
                self._transaction.mine(stream),
                stream.c.agent == agent,
                stream.c.epoch == epoch,
                stream.c.session == session,
                stream.c.watermark == expected.watermark,
                stream.c.chain == expected.chain,
                ~revoked,
            )
            .values(watermark=reached.watermark, chain=reached.chain)
        )
        return moved == 1
