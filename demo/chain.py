"""A whole chain on one machine: a folder in, a set-up core, an enrolled agent and a warehouse as real processes out.

Used by `make run`, `make demo-outage` and the end-to-end tests alike. Everything is set up with the same commands that people use.

    tills --> agent (process) --> link (can be cut) --> core (process) <--> warehouse (process)
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.catalogue import STORES, TENANT, TILLS, WAREHOUSE, skus_csv, stock_csv
from demo.link import Link
from demo.processes import Child, core_command, python, run

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where everything listens, on loopback."""

    agents: int
    api: int
    rest: int
    till: int
    warehouse: int


def choose_ports(wanted: Ports | None = None) -> Ports:
    """Return the wanted ports where they are free, and free ones elsewhere."""
    names = ("agents", "api", "rest", "till", "warehouse")
    taken: list[socket.socket] = []
    chosen = {}
    for name in names:
        chosen[name] = _free(getattr(wanted, name) if wanted else 0, taken)
    for listener in taken:
        listener.close()
    return Ports(**chosen)


def _free(port: int, taken: list[socket.socket]) -> int:
    listener = socket.socket()
    taken.append(listener)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return int(listener.getsockname()[1])


@dataclass(kw_only=True)
class Chain:
    """The running parts. `store` is where the agent stands; `till_keys` are its tills' API keys."""

    folder: Path
    ports: Ports
    tell: Tell
    store: str = "leeds"
    step_seconds: float = 2.0
    core_environment: dict[str, str] = field(default_factory=dict)
    agent_environment: dict[str, str] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())
    till_keys: dict[str, str] = field(default_factory=dict)
    credential: str = ""
    link: Link | None = None
    core: Child | None = None
    agent: Child | None = None
    warehouse: Child | None = None

    @property
    def core_toml(self) -> Path:
        """The core's settings file."""
        return self.folder / "core.toml"

    @property
    def agent_toml(self) -> Path:
        """The agent's settings file."""
        return self.folder / "agent.toml"

    @property
    def till_url(self) -> str:
        """Where tills call."""
        return f"http://127.0.0.1:{self.ports.till}"

    @property
    def core_url(self) -> str:
        """The core's HTTP listener."""
        return f"http://127.0.0.1:{self.ports.rest}"

    async def core_service(self, *arguments: str) -> Any:
        """Run a `core-service` command and return its --json answer."""
        words = ["--config", str(self.core_toml), *arguments, "--json"]
        return json.loads(await asyncio.to_thread(core_command, words))

    async def edge_agent(self, *arguments: str) -> str:
        """Run an `edge-agent` command and return what it printed."""
        return await run(python("edge_agent", "--config", str(self.agent_toml), *arguments))

    async def set_up(self) -> None:
        """Migrate the core and set up tenant, stores, warehouse, catalogue, tills and credentials."""
        self.link = Link(target_port=self.ports.agents)
        link_port = await self.link.start()
        self._write_settings(link_port)
        self.tell("creating the core's database and certificate authority")
        await self.core_service("migrate")
        self.tell("setting up the tenant, two stores, a warehouse")
        await self.core_service("tenant", "put", TENANT, "--name", "Acme")
        for store, (name, zone, latitude, longitude) in STORES.items():
            place = ("--latitude", latitude, f"--longitude={longitude}", "--country", "GB")
            await self.core_service(
                "store",
                "put",
                store,
                "--tenant",
                TENANT,
                "--name",
                name,
                "--time-zone",
                zone,
                "--currency",
                "GBP",
                *place,
            )
        place = ("--latitude", "53.7676", "--longitude=-0.3274", "--country", "GB")
        wms = ("--wms-url", f"http://127.0.0.1:{self.ports.warehouse}", "--wms-secret", self.secret)
        await self.core_service("location", "put", WAREHOUSE, "--tenant", TENANT, "--name", "North DC", *wms, *place)
        self.tell("importing the catalogue and opening stock")
        await self._import("sku", "skus.csv", skus_csv())
        await self._import("stock", "stock.csv", stock_csv())
        self.tell("registering tills and issuing their keys")
        for till, dialect in TILLS[self.store].items():
            await self.core_service(
                "till", "put", till, "--tenant", TENANT, "--store", self.store, "--dialect", dialect
            )
            answer = await self.core_service("till", "key", till, "--tenant", TENANT, "--store", self.store)
            self.till_keys[till] = answer["api_key"]
        scopes = ("orders:read", "orders:write", "stock:read", "stock:write", "exceptions:read", "exceptions:write", "fleet:read", "fleet:write")  # fmt: skip
        options = [part for scope in scopes for part in ("--scope", scope)]
        answer = await self.core_service("credential", "create", "--tenant", TENANT, "--name", "demo OMS", *options)
        self.credential = answer["token"]

    async def set_up_like(self, other: Chain) -> None:
        """Take over what another chain has set up (it must not be running): quicker than setting up again."""
        self.link = Link(target_port=self.ports.agents)
        link_port = await self.link.start()
        self.secret, self.credential, self.till_keys = other.secret, other.credential, dict(other.till_keys)
        self._write_settings(link_port)
        shutil.copytree(other.folder / "core", self.folder / "core")
        url = f"http://127.0.0.1:{self.ports.warehouse}"
        wms = ("--wms-url", url, "--wms-secret", self.secret, "--country", "GB")
        await self.core_service("location", "put", WAREHOUSE, "--tenant", TENANT, "--name", "North DC", *wms)

    async def start_core(self) -> None:
        """Start the core and wait until it is ready."""
        self.core = Child(
            name="core-service",
            command=python("core_service", "--config", str(self.core_toml), "serve"),
            log=self.folder / "core.log",
            environment=self.core_environment,
        )
        await self.core.start()
        await self.core.ready(f"{self.core_url}/readyz")

    async def enrol(self) -> None:
        """Make a one-use join token and let the agent join with it."""
        answer = await self.core_service("token", "create", "--tenant", TENANT, "--store", self.store)
        await self.edge_agent("enrol", answer["join_token"])

    async def start_agent(self) -> None:
        """Start the agent and wait until tills can sell."""
        self.agent = Child(
            name="edge-agent",
            command=python("edge_agent", "--config", str(self.agent_toml), "run"),
            log=self.folder / "agent.log",
            environment=self.agent_environment,
        )
        await self.agent.start()
        await self.agent.ready(f"{self.till_url}/readyz")

    async def start_warehouse(self) -> None:
        """Start the warehouse sandbox."""
        url = f"{self.core_url}/v1/webhooks/wms/{TENANT}/{WAREHOUSE}"
        options = ("--port", str(self.ports.warehouse), "--webhook-url", url, "--secret", self.secret)
        self.warehouse = Child(
            name="wms-sandbox",
            command=python("demo.wms_sandbox", *options, "--step-seconds", str(self.step_seconds)),
            log=self.folder / "warehouse.log",
        )
        await self.warehouse.start()
        await self.warehouse.ready(f"http://127.0.0.1:{self.ports.warehouse}/dispatches")

    async def start(self) -> None:
        """Everything, in order."""
        await self.set_up()
        await self.start_parts()

    async def start_parts(self) -> None:
        """Start what was set up: core, warehouse, and the agent after its enrolment."""
        self.tell("starting core-service")
        await self.start_core()
        self.tell("starting the warehouse sandbox")
        await self.start_warehouse()
        self.tell("enrolling the agent with a one-use token, over mTLS from then on")
        await self.enrol()
        self.tell("starting edge-agent")
        await self.start_agent()

    async def stop(self) -> None:
        """Stop everything in order: agent, core, warehouse, link."""
        for child in (self.agent, self.core, self.warehouse):
            if child:
                await child.stop()
        if self.link:
            await self.link.stop()

    async def _import(self, what: str, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, "utf-8")
        await self.core_service(what, "import", str(path), "--tenant", TENANT)

    def _write_settings(self, link_port: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.core_toml.write_text(
            f"""data_dir = "{self.folder / "core"}"
[agents]
port = {self.ports.agents}
advertise = "localhost:{link_port}"
[api]
port = {self.ports.api}
advertise = "localhost:{self.ports.api}"
[rest]
port = {self.ports.rest}
overview_from_loopback = true
[egress]
allowed_networks = ["127.0.0.0/8"]
""",
            "utf-8",
        )
        self.agent_toml.write_text(
            f"""data_dir = "{self.folder / "agent"}"
[rest]
host = "127.0.0.1"
port = {self.ports.till}
""",
            "utf-8",
        )
