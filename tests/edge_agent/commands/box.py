"""A store's box for tests of the command line: a folder in, settings, an identity on paper and a cache that has heard the core out.

Its core is out of reach: port 9 of this machine answers nobody.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from edge_agent.app import Agent, real_seams
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.ports import CachedSku, Revision
from edge_agent.settings import load
from tests.edge_agent.intake.shop import KEY, sale, till
from tests.eventually import eventually


@dataclass(frozen=True)
class Box:
    """A data directory with its settings file."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "agent.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write_settings(self, extra: str = "") -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(f'data_dir = "{self.data}"\n[rest]\nport = 0\ndrain_seconds = 3\n{extra}')

    def enrol_on_paper(self) -> None:
        """Give the box an identity and the core's first word."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.save_identity()
        asyncio.run(self._hear())

    def save_identity(self) -> None:
        """Give the box an identity, as `enrol` does."""
        now = datetime.now(UTC)
        Keystore(self.data).save(
            Identity(
                tenant="acme",
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

    def command(self, *words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "edge_agent", "--config", str(self.config), *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, **(environment or {})},
        )

    def told(self, *words: str) -> Any:
        """Run one command that has to work and return its --json answer."""
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def running(self, environment: dict[str, str] | None = None) -> Iterator[Running]:
        """Run the agent for a block; SIGTERM at its end, unless it has ended before."""
        (self.data / "agent.address").unlink(missing_ok=True)
        with (self.folder / "agent.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "edge_agent", "--config", str(self.config), "run"],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        try:
            yield Running(self, process, asyncio.run(self._address(process)))
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(20)

    async def _address(self, process: subprocess.Popen[bytes]) -> str:
        def written() -> str:
            assert process.poll() is None, (self.folder / "agent.log").read_text()
            try:
                place = json.loads((self.data / "agent.address").read_text())
            except (OSError, ValueError):
                return ""
            return f"http://{place['host']}:{place['port']}"

        address: str = await eventually(written, within=20)
        return address

    async def _hear(self) -> None:
        seams = real_seams()
        agent = await Agent.open(load(self.config, {}), seams)
        word = Revision(
            feed_id="f1",
            revision=1,
            snapshot_begins=True,
            complete=True,
            received_at=seams.clock.now(),
            tills=(till("till-1", KEY),),
            skus=(CachedSku(sku="MUG", name="Mug", gtins=(), aliases=("tea-alias",), retired=False),),
        )
        await agent._cache.apply(word)
        await agent._database.close()


@dataclass(frozen=True)
class Running:
    """A running agent."""

    box: Box
    process: subprocess.Popen[bytes]
    url: str

    def sell(self, number: str) -> httpx2.Response:
        """Send one sale as till-1."""
        return httpx2.post(
            f"{self.url}/v1/sales", json=sale(number), headers={"authorization": f"Bearer {KEY}"}, timeout=10
        )

    def get(self, path: str) -> httpx2.Response:
        """Ask as till-1."""
        return httpx2.get(f"{self.url}{path}", headers={"authorization": f"Bearer {KEY}"}, timeout=10)

    def kill(self) -> None:
        """Kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def new_box(folder: Path, *, enrolled: bool = True) -> Box:
    """Return a box, enrolled on paper unless told otherwise."""
    box = Box(folder)
    box.write_settings()
    if enrolled:
        box.enrol_on_paper()
    return box
