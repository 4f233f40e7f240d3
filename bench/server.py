"""The server under measurement: the real agent, enrolled on paper with its core out of reach, plus routes that do nothing beside it.

python -m bench.server FOLDER    prints its port, serves until SIGTERM
"""

from __future__ import annotations

import gc
import hashlib
import sys
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.telemetry.logs import set_up_logs
from edge_agent.app import Agent, Seams, real_seams
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.intake.settings import RestSettings
from edge_agent.ports import CachedLevel, CachedSku, CachedTill, Revision
from edge_agent.settings import Settings

KEY = "tst_bench-key-for-this-machine-only"
SKUS = 2000


class Beside:
    """The agent's application with no-op routes beside it, on the same server."""

    def __init__(self, agent: ASGIApp) -> None:
        self._agent = agent
        routes = [Route("/noop", _take, methods=["POST"]), Route("/noop/{name}", _tell, methods=["GET"])]
        self._noop = Router(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path."""
        app = self._noop if scope["path"].startswith("/noop") else self._agent
        await app(scope, receive, send)


async def _take(request: Request) -> Response:
    await request.body()
    return Response(b'{"receipt_id":"none","status":"accepted","first":true}', 201, media_type="application/json")


async def _tell(_request: Request) -> Response:
    return Response(b'{"sku":"none","on_hand":"0","available":"0"}', media_type="application/json")


def prepare(folder: Path, port: int = 0) -> Settings:
    """Return the settings of an enrolled box whose core does not answer."""
    settings = Settings(data_dir=str(folder), log_level="error", rest=RestSettings(port=port, drain_seconds=1))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    Keystore(folder).save(
        Identity(
            tenant="bench",
            store="leeds",
            agent="leeds-1",
            api_address="127.0.0.1:9",
            agents_address="127.0.0.1:9",
            key_pem=b"",
            certificate_pem=b"",
            bundle_pem=b"",
            issued_at=now,
            renew_at=now + timedelta(days=15),
            expires_at=now + timedelta(days=30),
        )
    )
    return settings


def catalogue(now: datetime) -> Revision:
    """Return the core's first word."""
    till = CachedTill(
        till="till-1",
        dialect="plain",
        api_key_hashes=(hashlib.sha256(KEY.encode()).digest(),),
        webhook_secret="",
        webhook_url="",
        retired=False,
        currency="GBP",
        time_zone="Europe/London",
        closing_time=time(4, 0),
    )
    names = [f"SKU-{number}" for number in range(SKUS)]
    return Revision(
        feed_id="bench",
        revision=1,
        snapshot_begins=True,
        complete=True,
        received_at=now,
        tills=(till,),
        skus=tuple(CachedSku(sku=name, name=name, gtins=(), aliases=(), retired=False) for name in names),
        levels=tuple(_level(name) for name in names),
    )


def _level(sku: str) -> CachedLevel:
    nothing, many = Decimal(0), Decimal(100_000)
    return CachedLevel(
        sku=sku, on_hand=many, store_rights=many, core_rights=nothing, reserved=nothing, epoch=b"", sequence=0
    )


async def hear(settings: Settings, seams: Seams) -> None:
    """Let a box hear the core once, so that it can sell from then on."""
    agent = await Agent.open(settings, seams)
    await agent._cache.apply(catalogue(seams.clock.now()))  # noqa: SLF001 - stands in for the core
    await agent._database.close()  # noqa: SLF001 - as above


async def _serve(folder: Path) -> None:
    set_up_logs("error")
    settings, seams = prepare(folder), real_seams()
    await hear(settings, seams)
    agent = await Agent.open(settings, seams)
    config = agent._server._server.config  # noqa: SLF001 - the measured server gets routes that the product has not
    config.app = Beside(agent._doorway)  # noqa: SLF001 - as above
    gc.collect()
    gc.freeze()
    try:
        await agent.run()
    finally:
        await agent.close()


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1])))
