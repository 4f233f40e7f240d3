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
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from adapters.errors import Permanent
from adapters.reasons import Reason

_PREFIX = "TILLSTREAM_CORE_"


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


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment; raise Permanent(SETTINGS_INVALID) whose sentence lists every error."""
    raw: dict[str, Any] = {}
    if path is not None:
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise Permanent(
                Reason.SETTINGS_INVALID, f"{path} cannot be read ({error.strerror}); name another with --config."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Permanent(Reason.SETTINGS_INVALID, f"{path} is no TOML: {error}. Correct that line.") from error
    _overlay(raw, os.environ if environment is None else environment)
    errors = list(_errors(raw, Settings, ""))
    if not errors:
        settings = msgspec.convert(raw, Settings)
        errors = list(_deeper(settings))
        if not errors:
            return settings
    listing = "\n".join(f"  - {line}" for line in errors)
    raise Permanent(
        Reason.SETTINGS_INVALID, f"The settings have {len(errors)} error(s); correct them and start again:\n{listing}"
    )


def _overlay(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, value in sorted(environment.items()):
        if not name.startswith(_PREFIX):
            continue
        *tables, key = name.removeprefix(_PREFIX).lower().split("__")
        target = raw
        for table in tables:
            target = target.setdefault(table, {})
        target[key] = _typed(value)


def _typed(value: str) -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _errors(raw: Mapping[str, Any], kind: type[msgspec.Struct], where: str) -> list[str]:
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in msgspec.structs.fields(kind)}
    found = []
    for key, value in raw.items():
        place = f"{where}{key}"
        if key not in known:
            found.append(f"{place}: there is no such setting; known here: {', '.join(sorted(known))}")
        elif isinstance(known[key], type) and issubclass(known[key], msgspec.Struct) and isinstance(value, Mapping):
            found.extend(_errors(value, known[key], f"{place}."))
        else:
            try:
                msgspec.convert(value, known[key])
            except msgspec.ValidationError as error:
                found.append(f"{place}: {error}")
    return found


def _deeper(settings: Settings) -> list[str]:
    found = []
    for place, port in (
        ("agents.port", settings.agents.port),
        ("api.port", settings.api.port),
        ("rest.port", settings.rest.port),
    ):
        if not 0 <= port <= 65535:
            found.append(f"{place}: {port} is no TCP port; give 1 to 65535")
    for network in settings.egress.allowed_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            found.append(f"egress.allowed_networks: {error}; write it as 10.0.0.0/8")
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        found.append(f"log_level: {settings.log_level!r} is none of debug, info, warning, error")
    return found
