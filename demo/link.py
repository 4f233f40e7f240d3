"""A TCP link that can be cut: connections in, the same bytes out, until someone cuts, holds or slows it.

`make demo-outage` and the end-to-end tests put it between agent and core; it knows nothing of what flows.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

_CHUNK = 65536


@dataclass(kw_only=True)
class Link:
    """Listens on loopback and forwards to `target_port`.

    `cut` refuses and resets everything, `hold` swallows bytes silently (a half-open line), `cut_after` resets a connection
    after so many bytes from the client side, which tears a message in its middle.
    """

    target_port: int
    port: int = 0
    is_cut: bool = False
    holds: bool = False
    cut_after: int | None = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server:
            self._server.close()
        self._reset_all()

    def cut(self) -> None:
        """Reset every connection and refuse new ones until `mend`."""
        self.is_cut = True
        self._reset_all()

    def mend(self) -> None:
        """Let connections through again."""
        self.is_cut = self.holds = False
        self.cut_after = None

    def _reset_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        ends = (writer, far_writer)
        self._open.update(ends)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, counts=True)),
            asyncio.create_task(self._pump(far_reader, writer, counts=False)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.transport.abort()
            self._open.discard(end)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool) -> None:
        passed = 0
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                while self.holds:
                    await asyncio.sleep(0.05)
                if counts and self.cut_after is not None and passed + len(data) > self.cut_after:
                    writer.write(data[: max(0, self.cut_after - passed)])
                    await writer.drain()
                    return
                passed += len(data)
                writer.write(data)
                await writer.drain()
