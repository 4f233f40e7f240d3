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
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import msgspec

from adapters.settings_file import read_settings
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
    file = path or (Path(given[_CONFIG]) if given.get(_CONFIG) else None)
    rest = {name: text for name, text in given.items() if name != _CONFIG}
    return read_settings(Settings, file, rest, PREFIX)


def failpoint(environment: Mapping[str, str] | None = None) -> str:
    """Return where a test wants this process to die, such as `journal.committed:3`; empty in production."""
    return (os.environ if environment is None else environment).get(FAILPOINT, "")


def version() -> str:
    """Return the installed version; run from a source tree that is not installed, say so."""
    try:
        return metadata.version("tillstream")
    except metadata.PackageNotFoundError:
        return "0+source"
