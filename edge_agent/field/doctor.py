"""`edge-agent doctor`: a box's settings in, one finding a check out, each a sentence with the next step; changes nothing.

Checks are plain functions, so that a technician reads here what is looked at and why.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from adapters.errors import TillstreamError
from adapters.seams.clock import Clock
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.identity.rotation import GRACE
from edge_agent.journal import listing, maintenance

_CONNECT_SECONDS = 3.0
_SLOW_FSYNC = 0.05
_FSYNCS = 20
_LEAST_FREE = 512 * 1024**2
_QUICK_ENTRIES = 5_000
_RESET_BUG = ((3, 7, 0), (3, 51, 2))
_FIXED_BRANCHES = frozenset({(3, 44, 6), (3, 50, 7)})
_EARLIEST = 2025
_CLOCK_APART = 30.0


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check saw; `sentence` ends with the next step where there is one."""

    check: str
    verdict: Verdict
    sentence: str


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at."""

    data_dir: Path
    database: Path
    reserve_bytes: int
    core_clock_offset: float | None = None
    """Seconds that the core's clock was ahead when a running agent last heard it; None when no agent runs or none was heard."""


def examine(box: Box, clock: Clock) -> Iterator[Finding]:
    """Yield the findings, in the order in which a technician should read them."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: check_directory(box),
        lambda: check_space(box),
        lambda: check_fsync(box, clock),
        check_sqlite,
        lambda: check_journal(box),
        lambda: check_clock(clock.now(), box.core_clock_offset),
        lambda: check_identity(box, clock.now()),
    )
    for check in checks:
        yield from check()


def check_directory(box: Box) -> Iterator[Finding]:
    """Can the agent write where its data lives, and only the agent?"""
    folder = box.data_dir
    if not folder.is_dir():
        sentence = f"{folder} does not exist yet; `edge-agent enrol` or `run` makes it."
        yield _found("data directory", Verdict.WARNING, sentence)
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        sentence = f"{folder} cannot be written by this user; give it to the agent's user."
        yield _found("data directory", Verdict.FAILED, sentence)
        return
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        sentence = f"{folder} is open to others ({mode:o}); run `chmod 700 {folder}`."
        yield _found("data directory", Verdict.WARNING, sentence)
        return
    yield _found("data directory", Verdict.OK, f"{folder} is the agent's own.")


def check_space(box: Box) -> Iterator[Finding]:
    """Is there room, in bytes and in inodes?"""
    folder = _existing(box.data_dir)
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if room.f_files and not room.f_favail:
        yield _found(
            "disk space", Verdict.FAILED, "The disk has no inodes left; delete files that are not the agent's."
        )
    elif free < box.reserve_bytes:
        yield _found("disk space", Verdict.FAILED, f"{_mib(free)} are free, less than the reserve; free space.")
    elif free < _LEAST_FREE:
        yield _found("disk space", Verdict.WARNING, f"{_mib(free)} are free; free space before it runs out.")
    else:
        yield _found("disk space", Verdict.OK, f"{_mib(free)} are free.")


def check_fsync(box: Box, clock: Clock) -> Iterator[Finding]:
    """How long does the disk take to make something durable? A sale waits for it."""
    folder = _existing(box.data_dir)
    try:
        seconds = fsync_seconds(folder, clock)
    except OSError as error:
        yield _found(
            "disk sync", Verdict.FAILED, f"Nothing can be written in {folder} ({error.strerror}); check the disk."
        )
        return
    said = f"The disk takes {seconds * 1000:.1f} ms to make a sale durable"
    if seconds > _SLOW_FSYNC:
        yield _found("disk sync", Verdict.WARNING, f"{said}; tills will feel it: use an SSD, not a memory card.")
    else:
        yield _found("disk sync", Verdict.OK, f"{said}.")


def fsync_seconds(folder: Path, clock: Clock) -> float:
    """Return the median time of an fsync after a write of 4 KiB in a folder."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_FSYNCS):
            started = clock.monotonic()
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(clock.monotonic() - started)
    return sorted(taken)[_FSYNCS // 2]


def check_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Iterator[Finding]:
    """Is SQLite older than the fix of the WAL-reset bug? The agent avoids what provokes it; a fixed one is safer still."""
    shown = ".".join(map(str, version))
    first, last = _RESET_BUG
    if first <= version <= last and version not in _FIXED_BRANCHES:
        sentence = (
            f"SQLite {shown} has the WAL-reset bug (3.7.0 to 3.51.2). The agent writes and checkpoints on one connection, which avoids it; "
            "use a Python with SQLite 3.51.3 or newer all the same."
        )
        yield _found("sqlite", Verdict.WARNING, sentence)
    else:
        yield _found("sqlite", Verdict.OK, f"SQLite {shown}.")


def check_journal(box: Box) -> Iterator[Finding]:
    """Do the newest entries of the journal read as they were written?"""
    if not box.database.exists():
        yield _found("journal", Verdict.OK, "There is no journal yet.")
        return
    try:
        with listing.inspected(box.database) as connection:
            checked = maintenance.verify(connection, limit=_QUICK_ENTRIES)
    except TillstreamError as error:
        yield _found("journal", Verdict.FAILED, error.sentence)
        return
    if checked.damages:
        first = checked.damages[0]
        sentence = f"{len(checked.damages)} entries are damaged (the first at {first.sequence}: {first.sentence}); run `edge-agent journal verify`."
        yield _found("journal", Verdict.FAILED, sentence)
    else:
        more = " so far; `edge-agent journal verify` reads them all" if checked.next_place else ""
        yield _found("journal", Verdict.OK, f"{checked.entries} entries read as they were written{more}.")


def check_clock(now: datetime, core_offset: float | None = None) -> Iterator[Finding]:
    """Can this time be true, and is it the core's? Sales are ordered without it, but receipts show it."""
    said = f"The clock says {now:%Y-%m-%d %H:%M:%S} UTC"
    if now.year < _EARLIEST:
        yield _found("clock", Verdict.FAILED, f"{said}; set it, and let NTP keep it.")
    elif core_offset is None:
        yield _found("clock", Verdict.OK, f"{said}; compare it with yours, the core was not heard.")
    elif abs(core_offset) > _CLOCK_APART:
        sentence = f"{said}, the core's is {core_offset:+.0f} s apart; set the one that is wrong, and let NTP keep it."
        yield _found("clock", Verdict.WARNING, sentence)
    else:
        yield _found("clock", Verdict.OK, f"{said}, as the core's does ({core_offset:+.1f} s).")


def check_identity(box: Box, now: datetime) -> Iterator[Finding]:
    """Is the box an agent, is its certificate good, and does anybody answer at the core's addresses?"""
    try:
        identity = Keystore(box.data_dir).load()
    except TillstreamError as error:
        yield _found("identity", Verdict.FAILED, error.sentence)
        return
    if identity is None:
        sentence = (
            "The box is not enrolled; get a token with `core-service token create`, then `edge-agent enrol TOKEN`."
        )
        yield _found("identity", Verdict.WARNING, sentence)
        return
    yield _certificate(identity, now)
    yield _reachable("core", identity.agents_address)
    yield _reachable("core, enrolment", identity.api_address)


def _certificate(identity: Identity, now: datetime) -> Finding:
    who = f"agent {identity.agent} of store {identity.store}"
    left = identity.expires_at - now
    if left > timedelta(0):
        late = now > identity.renew_at + (identity.expires_at - identity.renew_at) / 2
        sentence = f"{who}; its certificate is good for {left.days} days more"
        if late:
            return _found(
                "identity", Verdict.WARNING, f"{sentence} and should have been renewed; check the line to the core."
            )
        return _found("identity", Verdict.OK, f"{sentence}.")
    if -left <= GRACE:
        sentence = f"{who}; its certificate has expired, and is recovered by itself as soon as the core is reached."
        return _found("identity", Verdict.WARNING, sentence)
    sentence = f"{who}; its certificate expired too long ago: enrol again with `edge-agent enrol --replace TOKEN`. The journal is kept."
    return _found("identity", Verdict.FAILED, sentence)


def _reachable(check: str, address: str) -> Finding:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS):
            return _found(check, Verdict.OK, f"{address} answers.")
    except (OSError, ValueError) as error:
        sentence = f"{address} does not answer ({error}); check line, name and firewall. Tills go on selling meanwhile."
        return _found(check, Verdict.WARNING, sentence)


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())


def _found(check: str, verdict: Verdict, sentence: str) -> Finding:
    return Finding(check=check, verdict=verdict, sentence=sentence)


def _mib(size: int) -> str:
    return f"{size / 1024**2:,.0f} MiB"
