"""`edge-agent status`, `doctor`, `check-config`, `service-unit`, `version`: questions in, answers for a person or as JSON out."""

from __future__ import annotations

import getpass
import http.client
import json as json_text
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.errors import TillstreamError, Transient
from adapters.reasons import Reason
from edge_agent.commands.saying import as_json, say_json, settings_of, told

if TYPE_CHECKING:
    from edge_agent.settings import Settings

_ASK_SECONDS = 5.0
_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


@click.command()
@as_json
@click.pass_context
@told
def status(context: click.Context, *, json: bool) -> None:
    """Tell how the running agent does: line to the core, backlog, disk, certificate."""
    raw = _ask(settings_of(context))
    if json:
        click.echo(json_text.dumps(json_text.loads(raw), indent=2))
        return

    import msgspec

    from edge_agent.field.status import AgentStatus, lines

    for line in lines(msgspec.json.decode(raw, type=AgentStatus)):
        click.echo(line)


@click.command()
@as_json
@click.pass_context
@told
def doctor(context: click.Context, *, json: bool) -> None:
    """Look for what is wrong with this box: disk, SQLite, journal, clock, certificate, core. Exit code 1 when something failed."""
    settings = settings_of(context)

    from adapters.seams.clock import SystemClock
    from edge_agent.field.doctor import Box, Verdict, examine

    box = Box(
        data_dir=settings.directory,
        database=settings.database,
        reserve_bytes=settings.journal.reserve_bytes,
        core_clock_offset=_core_clock_offset(settings),
    )
    findings = []
    for finding in examine(box, SystemClock()):
        findings.append(finding)
        if not json:
            click.echo(f"{_MARKS[finding.verdict]} {finding.check}: {finding.sentence}")
    if json:
        say_json({"findings": findings})
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        sys.exit(1)


@click.command("check-config")
@as_json
@click.pass_context
@told
def check_config(context: click.Context, *, json: bool) -> None:
    """Check the settings, all errors at once, and show what holds with file and environment together."""
    settings = settings_of(context)
    if json:
        say_json(settings)
        return
    click.echo("The settings are good:")
    import msgspec

    for name, value in msgspec.to_builtins(settings).items():
        if isinstance(value, dict):
            click.echo(f"[{name}]")
            for key, inner in value.items():
                click.echo(f"  {key} = {json_text.dumps(inner)}")
        else:
            click.echo(f"{name} = {json_text.dumps(value)}")


@click.command("service-unit")
@click.option("--user", default="", help="The user that runs the agent; without it the one that asks.")
@click.pass_context
@told
def service_unit(context: click.Context, user: str) -> None:
    """Print a systemd unit: `edge-agent service-unit | sudo tee /etc/systemd/system/tillstream-edge-agent.service`."""
    settings = settings_of(context)

    from edge_agent.field.service_unit import UnitPlaces, service_unit

    config: Path | None = context.find_root().obj
    program = Path(sys.executable).with_name("edge-agent")
    places = UnitPlaces(
        program=program,
        config=config,
        data_dir=settings.directory,
        user=user or getpass.getuser(),
        stop_seconds=settings.rest.drain_seconds + 30,
    )
    click.echo(service_unit(places), nl=False)


@click.command()
@as_json
def version(*, json: bool) -> None:
    """Print the versions that a report of a defect should name."""
    import platform
    import sqlite3

    from edge_agent.settings import version as installed

    parts = {
        "tillstream": installed(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    if json:
        say_json(parts)
    else:
        click.echo(f"edge-agent {parts['tillstream']} (Python {parts['python']}, SQLite {parts['sqlite']})")


def _core_clock_offset(settings: Settings) -> float | None:
    """Return what a running agent knows of the core's clock, in seconds; None when none runs."""
    try:
        offset = json_text.loads(_ask(settings))["cache"]["core_clock_offset_seconds"]
    except (TillstreamError, ValueError, KeyError):
        return None
    return None if offset is None else float(offset)


def _ask(settings: Settings) -> bytes:
    """Return the running agent's own figures, over loopback."""
    host, port = _address(settings)
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_SECONDS)
    try:
        connection.request("GET", "/v1/status")
        answer = connection.getresponse()
        raw = answer.read()
    except (OSError, http.client.HTTPException) as error:
        sentence = f"No agent answers at {host}:{port}: start it with `edge-agent run`, or look at its log."
        raise Transient(Reason.NOT_READY, sentence) from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        sentence = f"What answers at {host}:{port} is no agent of this machine ({answer.status}): check rest.host and rest.port."
        raise Transient(Reason.NOT_READY, sentence)
    return raw


def _address(settings: Settings) -> tuple[str, int]:
    """Return where the agent listens: as it wrote itself, else as the settings say."""
    host, port = settings.rest.host, settings.rest.port
    try:
        written = json_text.loads(settings.address_file.read_text("ascii"))
        host, port = str(written["host"]), int(written["port"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared, not bound
