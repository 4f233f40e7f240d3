"""Commands for operations staff: exceptions, why, stock levels and opening stock; listings and lineage out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from adapters.canonical.quantity import show
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.commands.surroundings import (
    ACTOR,
    Surroundings,
    cell,
    finish,
    json_option,
    known_tenant,
    say,
    table,
    tenant_option,
)
from core_service.domain.exception import ExceptionStatus, ParkedException
from core_service.domain.setup import Credential, Scope
from core_service.ports.stock import Level

_EVERYTHING = 1000


def command_line_credential(tenant: str, at: datetime) -> Credential:
    """Return the credential in whose name the command line books: whoever may run it may do everything of the tenant."""
    return Credential(
        credential=ACTOR.replace(" ", "-"),
        tenant=tenant,
        name=ACTOR,
        scopes=frozenset(Scope) - {Scope.PLATFORM_ADMIN},
        secret_hash=b"",
        created_at=at,
    )


@click.group()
def exceptions() -> None:
    """List, show, replay and close messages that the core could not book."""


@exceptions.command("list")
@tenant_option
@click.option("--reason", default="", help="Only with this reason.")
@click.option("--all", "everything", is_flag=True, help="Resolved ones too.")
@json_option
@click.pass_obj
def list_exceptions(here: Surroundings, /, *, tenant: str, reason: str, everything: bool, as_json: bool) -> None:
    """List exceptions, oldest first."""

    async def work() -> list[dict[str, Any]]:
        from core_service.exceptions.listing import ExceptionQuery
        from core_service.exceptions.listing import list_exceptions as listed

        status = None if everything else ExceptionStatus.OPEN
        async with here.store() as store, store.read(await known_tenant(store, tenant)) as uow:
            page = await listed(uow, ExceptionQuery(reason=reason, status=status, page_size=500))
        return [_exception(one) for one in page.exceptions]

    rows = finish(work())
    columns = ("exception_id", "reason", "owner", "source", "reference", "created_at", "sentence")
    say({"exceptions": rows}, as_json=as_json, sentence=lambda: table(rows, columns))


@exceptions.command("show")
@click.argument("exception_id")
@tenant_option
@json_option
@click.pass_obj
def show_exception(here: Surroundings, /, *, exception_id: str, tenant: str, as_json: bool) -> None:
    """Show one with its message, masked."""

    async def work() -> dict[str, Any]:
        from core_service.exceptions.listing import get_exception

        async with here.store() as store, store.read(await known_tenant(store, tenant)) as uow:
            found, raw = await get_exception(uow, exception_id)
        return {**_exception(found), "raw": raw.decode("utf-8", "backslashreplace")}

    row = finish(work())
    say(
        row,
        as_json=as_json,
        sentence=lambda: "\n".join(f"{name:<13} {cell(value)}".rstrip() for name, value in row.items()),
    )


@exceptions.command("replay")
@click.argument("exception_id")
@tenant_option
@json_option
@click.pass_obj
def replay_exception(here: Surroundings, /, *, exception_id: str, tenant: str, as_json: bool) -> None:
    """Read the message again with today's dialects and data, and book it if that works now."""

    async def work() -> dict[str, Any]:
        from core_service.parts import pipeline_for, replay_for

        async with here.store() as store:
            replay = replay_for(pipeline_for(store, here.clock))
            done = await replay.replay(await known_tenant(store, tenant), exception_id)
        return {**_exception(done.exception), "record_id": done.record_id}

    row = finish(work())
    say(
        row,
        as_json=as_json,
        sentence=lambda: (
            (f"Booked as {row['record_id']}." if row["record_id"] else "Resolved; there was nothing to book.")
            if row["status"] == ExceptionStatus.RESOLVED
            else f"Still open. {row['reason']}: {row['sentence']}"
        ),
    )


@exceptions.command("close")
@click.argument("exception_id")
@tenant_option
@click.option("--note", required=True, help="Why nothing is to be booked, for the audit.")
@json_option
@click.pass_obj
def close(here: Surroundings, /, *, exception_id: str, tenant: str, note: str, as_json: bool) -> None:
    """Resolve one without booking it: the till has sent it again, or somebody settled it by hand."""

    async def work() -> dict[str, Any]:
        from core_service.exceptions.closing import close_exception

        async with here.store() as store:
            name = await known_tenant(store, tenant)
            return _exception(await close_exception(store, here.clock, name, exception_id, actor=ACTOR, note=note))

    row = finish(work())
    say(row, as_json=as_json, sentence=lambda: f"Exception {row['exception_id']} is closed; nothing was booked.")


@click.command()
@click.argument("record_id")
@tenant_option
@json_option
@click.pass_obj
def why(here: Surroundings, /, *, record_id: str, tenant: str, as_json: bool) -> None:
    """Tell why a sale, order, exception or receipt is as it is."""

    async def work() -> dict[str, Any]:
        from core_service.orders.why import explain

        async with here.store() as store, store.read(await known_tenant(store, tenant)) as uow:
            told = await explain(uow, record_id)
        steps = [
            {"time": step.at.isoformat(), "stage": step.stage, "sentence": step.sentence, "details": step.details}
            for step in told.steps
        ]
        return {"record_id": record_id, "kind": told.kind, "steps": steps}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: _story(answer))


@click.group()
def stock() -> None:
    """Show stock and import opening stock."""


@stock.command("list")
@tenant_option
@click.option("--location", multiple=True, help="Only there; may be given several times.")
@click.option("--sku", multiple=True, help="Only this SKU, GTIN or alias; may be given several times.")
@json_option
@click.pass_obj
def list_stock(
    here: Surroundings, /, *, tenant: str, location: tuple[str, ...], sku: tuple[str, ...], as_json: bool
) -> None:
    """List stock levels by location and SKU."""

    async def work() -> list[dict[str, str]]:
        from core_service.stock.listing import LevelQuery, list_levels

        rows: list[dict[str, str]] = []
        token = ""
        async with here.store() as store, store.read(await known_tenant(store, tenant)) as uow:
            while True:
                query = LevelQuery(locations=location, skus=sku, page_size=_EVERYTHING, page_token=token)
                page = await list_levels(uow, query)
                rows += [_level(level) for level in page.levels]
                token = page.next_page_token
                if not token:
                    return rows

    rows = finish(work())
    columns = ("location", "sku", "on_hand", "store_rights", "core_rights", "reserved", "in_flight")
    say({"levels": rows}, as_json=as_json, sentence=lambda: table(rows, columns))


@stock.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@tenant_option
@json_option
@click.pass_obj
def import_stock(here: Surroundings, /, *, file: Path, tenant: str, as_json: bool) -> None:
    """Book opening stock from a CSV file with the columns location,sku,quantity; all rows or none."""
    raw = file.read_bytes()

    async def work() -> list[dict[str, Any]]:
        from rich.progress import Progress

        from core_service.parts import pipeline_for
        from core_service.stock.opening import import_opening_stock

        async with here.store() as store:
            credential = command_line_credential(await known_tenant(store, tenant), here.clock.now())
            with Progress(transient=True, disable=as_json) as bar:
                task = bar.add_task("booking", total=None)
                errors = await import_opening_stock(
                    pipeline_for(store, here.clock),
                    credential,
                    raw,
                    lambda done, total: bar.update(task, completed=done, total=total),
                )
        return [{"row": error.number, "sentence": error.sentence} for error in errors]

    report_rows(finish(work()), file, as_json=as_json)


def report_rows(errors: list[dict[str, Any]], file: Path, *, as_json: bool) -> None:
    """Tell how an import ended; rows that are wrong end it with exit code 1 and nothing imported."""
    if not errors:
        say({"errors": []}, as_json=as_json, sentence=lambda: f"Everything in {file} is imported.")
        return
    say(
        {"errors": errors},
        as_json=as_json,
        sentence=lambda: "\n".join(f"row {error['row']}: {error['sentence']}" for error in errors),
    )
    sentence = f"{len(errors)} row(s) of {file} are wrong and nothing was imported; correct them and import it again."
    click.echo(str(Permanent(Reason.FIELD_INVALID, sentence)), err=True)
    raise click.exceptions.Exit(1)


def _exception(one: ParkedException) -> dict[str, Any]:
    return {
        "exception_id": one.exception_id,
        "reason": str(one.reason),
        "sentence": one.sentence,
        "owner": one.owner,
        "status": str(one.status),
        "source": one.source,
        "reference": one.reference,
        "dialect": f"{one.dialect} {one.dialect_version}".strip(),
        "created_at": one.created_at.isoformat(),
        "replays": one.replays,
    }


def _level(level: Level) -> dict[str, str]:
    position = level.position
    return {
        "location": level.location,
        "sku": level.sku,
        "on_hand": show(position.on_hand),
        "store_rights": show(position.store_rights),
        "core_rights": show(position.core_rights),
        "reserved": show(position.reserved),
        "in_flight": show(position.in_flight),
        "updated_at": level.updated_at.isoformat(),
    }


def _story(answer: dict[str, Any]) -> str:
    lines = [f"{answer['kind']} {answer['record_id']}"]
    for step in answer["steps"]:
        lines.append(f"{cell(step['time'])}  {step['stage']}: {step['sentence']}")
        lines += [f"    {name}: {value}" for name, value in step["details"].items() if value]
    return "\n".join(lines)
