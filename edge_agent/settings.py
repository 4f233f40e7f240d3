"""The agent's settings: one TOML file and `TILLSTREAM_EDGE_*` variables in, checked values out; every error at once, each with its next step.

    data_dir = "/var/lib/tillstream"      # journal, cache, identity (0700); a local filesystem
    log_level = "info"                     # debug, info, warning, error

    [rest]                                 # where tills call; every key in edge_agent/intake/settings.py
    host = "0.0.0.0"
    port = 8080
    allow_loopback_without_key = false

    [journal]
    disk_budget_bytes = 4294967296         # what unsettled and kept messages may take; beyond it tills are refused
    reserve_bytes = 16777216               # given back when the disk is full, so that the agent can go on settling
    keep_days = 14                         # how long settled sales are kept for a core restored from a backup
    keep_days_under_pressure = 2

    [cache]
    remembered = 20000                     # levels and names held in memory

Environment: `TILLSTREAM_EDGE_REST__PORT=9080` sets `port` in `[rest]`; `TILLSTREAM_EDGE_CONFIG` names the file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.intake.settings import RestSettings

PREFIX = "TILLSTREAM_EDGE_"
FAILPOINT = "TILLSTREAM_FAILPOINT"
_CONFIG = "TILLSTREAM_EDGE_CONFIG"
_LEVELS = ("debug", "info", "warning", "error")


class JournalSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """How much of the disk the journal may take, and for how long settled sales are kept."""

    disk_budget_bytes: int = 4 * 1024**3
    reserve_bytes: int = 16 * 1024**2
    keep_days: float = 14
    keep_days_under_pressure: float = 2

    @property
    def keep_for(self) -> timedelta:
        """How long settled sales are kept."""
        return timedelta(days=self.keep_days)

    @property
    def keep_under_pressure(self) -> timedelta:
        """How long settled sales are kept when the budget is used up."""
        return timedelta(days=self.keep_days_under_pressure)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence with the next step) for every value that cannot work."""
        if self.disk_budget_bytes < 1024**2:
            yield "disk_budget_bytes", f"{self.disk_budget_bytes} is less than 1 MiB; give what the disk can spare"
        if self.reserve_bytes < 0:
            yield "reserve_bytes", f"{self.reserve_bytes} is below zero; give 0 or more"
        if self.keep_days <= 0 or self.keep_days_under_pressure <= 0:
            yield "keep_days", "settled sales must be kept for more than 0 days, longer than the core's oldest backup"


class CacheSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """How much of what the core said is held in memory."""

    remembered: int = 20_000

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence with the next step) for every value that cannot work."""
        if self.remembered < 1:
            yield "remembered", f"{self.remembered} remembers nothing; give 1 or more"


class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Everything that `edge-agent` can be told."""

    data_dir: str = "var/agent"
    log_level: str = "info"
    rest: RestSettings = RestSettings()
    journal: JournalSettings = JournalSettings()
    cache: CacheSettings = CacheSettings()

    @property
    def directory(self) -> Path:
        """The data directory."""
        return Path(self.data_dir)

    @property
    def database(self) -> Path:
        """The file with journal and cache."""
        return self.directory / "agent.db"

    @property
    def address_file(self) -> Path:
        """Where a running agent writes its address and process id, for `edge-agent status`."""
        return self.directory / "agent.address"

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence with the next step) for every value that cannot work."""
        if not self.data_dir:
            yield "data_dir", "is empty; name a directory on a local disk"
        if self.log_level not in _LEVELS:
            yield "log_level", f"{self.log_level!r} is none of {', '.join(_LEVELS)}"
        for table, room in (("rest", self.rest), ("journal", self.journal), ("cache", self.cache)):
            for key, sentence in room.faults():
                yield f"{table}.{key}", sentence


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment; raise Permanent(SETTINGS_INVALID) whose sentence lists every error."""
    given = os.environ if environment is None else environment
    raw = _file(path or (Path(given[_CONFIG]) if given.get(_CONFIG) else None))
    errors = _overlay(raw, given)
    errors += list(_misfits(raw, Settings, ""))
    if not errors:
        settings = msgspec.convert(raw, Settings)
        errors = [f"{key}: {sentence}" for key, sentence in settings.faults()]
        if not errors:
            return settings
    listing = "\n".join(f"  - {line}" for line in errors)
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    raise Permanent(Reason.SETTINGS_INVALID, f"The settings have {count}; correct them and start again:\n{listing}")


def failpoint(environment: Mapping[str, str] | None = None) -> str:
    """Return where a test wants this process to die, such as `journal.committed:3`; empty in production."""
    return (os.environ if environment is None else environment).get(FAILPOINT, "")


def version() -> str:
    """Return the installed version; run from a source tree that is not installed, say so."""
    try:
        return metadata.version("tillstream")
    except metadata.PackageNotFoundError:
        return "0+source"


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        sentence = f"{path} cannot be read ({error.strerror}); name another file with --config."
        raise Permanent(Reason.SETTINGS_INVALID, sentence) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Permanent(Reason.SETTINGS_INVALID, f"{path} is no TOML: {error}. Correct that line.") from error


def _overlay(raw: dict[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Put the variables over the file's values; a variable that names a table where a value stands is an error."""
    errors = []
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or name == _CONFIG:
            continue
        *tables, key = name.removeprefix(PREFIX).lower().split("__")
        target: Any = raw
        for table in tables:
            target = target.setdefault(table, {}) if isinstance(target, dict) else None
        if isinstance(target, dict):
            target[key] = _as_toml(text)
        else:
            errors.append(f"{name}: {'.'.join(tables)} is no table; unset the variable")
    return errors


def _as_toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _misfits(raw: Mapping[str, Any], kind: type[msgspec.Struct], where: str) -> Iterator[str]:
    hints = get_type_hints(kind)
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        place = f"{where}{key}"
        if key not in known:
            yield f"{place}: there is no such setting; known here: {', '.join(sorted(known))}"
            continue
        wanted = hints[key]
        if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            if isinstance(value, Mapping):
                yield from _misfits(value, wanted, f"{place}.")
            else:
                yield f"{place}: is a table; write [{place}] and its keys below"
            continue
        try:
            msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            yield f"{place}: {error}; for example {_example(known[key].default)}"


def _example(default: object) -> str:
    return f'"{default}"' if isinstance(default, str) else str(default).lower()
