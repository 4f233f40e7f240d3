"""The core's settings: one TOML file and `TILLSTREAM_CORE_*` variables in, checked values out; every error at once, each with its next step.

    data_dir = "/var/lib/tillstream"          # database, keys, certificates (0700)
    database_url = ""                          # default: sqlite in data_dir

    [agents]                                   # gRPC, mTLS required
    host = "0.0.0.0"
    port = 8443
    advertise = "core.example:8443"            # what join tokens carry

    [api]                                      # gRPC, server TLS and credentials
    host = "0.0.0.0"
    port = 8444
    advertise = "core.example:8444"
    reflection = false

    [rest]
    host = "0.0.0.0"
    port = 8081
    overview_from_loopback = false             # GET / without a credential, from this machine only

    [egress]
    allowed_networks = []                      # CIDRs inside the network that dispatches may call

    server_names = ["core.example"]            # DNS names and IP addresses in the server certificates
    log_level = "info"
    failpoint = ""                             # tests only: where the process kills itself, such as ingest.committed:3

Environment: `TILLSTREAM_CORE_AGENTS__PORT=9443` sets `port` in `[agents]`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from adapters.settings_file import read_settings

_PREFIX = "TILLSTREAM_CORE_"
_LEVELS = ("debug", "info", "warning", "error")
_HIGHEST_PORT = 65535


class ListenerSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Where a listener listens, and what others call it; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    advertise: str = ""
    reflection: bool = False


class RestSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The HTTP listener."""

    host: str = "127.0.0.1"
    port: int = 8081
    overview_from_loopback: bool = False


class EgressSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Where dispatches may go besides public addresses."""

    allowed_networks: tuple[str, ...] = ()


class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Everything that `core-service` can be told."""

    data_dir: str = "var/core"
    database_url: str = ""
    agents: ListenerSettings = ListenerSettings(port=8443)
    api: ListenerSettings = ListenerSettings(port=8444)
    rest: RestSettings = RestSettings()
    egress: EgressSettings = EgressSettings()
    server_names: tuple[str, ...] = ("localhost", "127.0.0.1")
    log_level: str = "info"
    failpoint: str = ""

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{Path(self.data_dir).resolve() / 'core.db'}"

    @property
    def directory(self) -> Path:
        """The data directory."""
        return Path(self.data_dir)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence with the next step) for every value that cannot work."""
        ports = (("agents.port", self.agents.port), ("api.port", self.api.port), ("rest.port", self.rest.port))
        for place, port in ports:
            if not 0 <= port <= _HIGHEST_PORT:
                yield place, f"{port} is no TCP port; give 1 to {_HIGHEST_PORT}"
        for network in self.egress.allowed_networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                yield "egress.allowed_networks", f"{error}; write it as 10.0.0.0/8"
        if self.log_level not in _LEVELS:
            yield "log_level", f"{self.log_level!r} is none of {', '.join(_LEVELS)}"


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment; raise Permanent(SETTINGS_INVALID) whose sentence lists every error."""
    return read_settings(Settings, path, os.environ if environment is None else environment, _PREFIX)
