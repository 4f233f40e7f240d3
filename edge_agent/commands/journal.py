"""`edge-agent journal list|show|verify|export|import`: a journal on disk in, what stands in it, whether it is sound, or its way to another box out.

`list`, `show`, `verify` and `export` only read, also while the agent runs; `import` and `verify --repair` need it stopped.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_agent.commands.saying import as_json, progress, say_json, settings_of, told

if TYPE_CHECKING:
    from edge_agent.journal.listing import Summary
    from edge_agent.journal.reading import Damage
    from edge_agent.settings import Settings


@click.group()
def journal() -> None:
    """Look into the journal, verify it, carry it to another box."""


@journal.command("list")
@click.option("--after", default=0, help="Go on after this entry number.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), help="How many at most.")
@click.option("--unsettled", is_flag=True, help="Only what the core has not answered for.")
@click.option("--till", default="", help="Only this till's.")
@click.option("--file", type=click.Path(path_type=Path), help="An export instead of this box's journal.")
@as_json
@click.pass_context
@told
def list_entries(context: click.Context, /, *, file: Path | None, json: bool, **chosen: Any) -> None:
    """List entries, oldest first."""
    from edge_agent.journal import listing

    with listing.inspected(file or settings_of(context).database) as connection:
        page = listing.page(connection, **chosen)
    if json:
        say_json({"entries": [_summary(entry) for entry in page], "next_after": page[-1].number if page else None})
        return
    for entry in page:
        what = entry.outcome or ("settled" if entry.settled else "waits")
        name = f"{entry.document} {entry.reference}".strip() or entry.kind
        click.echo(
            f"{entry.number:>8}  {entry.received_at:%Y-%m-%d %H:%M:%S}  {entry.till:<12} {what:<10} {name}  {entry.receipt_id} {entry.reason}".rstrip()
        )
    if not page:
        click.echo("No such entries.")
    elif len(page) == chosen["limit"]:
        click.echo(f"More: `edge-agent journal list --after {page[-1].number}`.")


@journal.command()
@click.argument("name")
@click.option("--file", type=click.Path(path_type=Path), help="An export instead of this box's journal.")
@as_json
@click.pass_context
@told
def show(context: click.Context, name: str, file: Path | None, *, json: bool) -> None:
    """Show one entry with its (masked) message. NAME is a receipt id or an entry number."""
    from edge_agent.journal import listing

    with listing.inspected(file or settings_of(context).database) as connection:
        whole = listing.show(connection, name)
    if json:
        extra = {"dialect": whole.dialect, "dialect_version": whole.dialect_version, "transport": whole.transport}
        raw = {"chain": whole.chain.hex(), "raw_base64": base64.b64encode(whole.raw).decode()}
        say_json({**_summary(whole.summary), **extra, **raw})
        return
    for key, value in _summary(whole.summary).items():
        click.echo(f"{key:<14} {value}")
    click.echo(f"{'dialect':<14} {whole.dialect} {whole.dialect_version} by {whole.transport}")
    if whole.previous_id is not None:
        click.echo(f"{'stood before':<14} {whole.previous_id.sequence} of epoch {whole.previous_id.epoch.hex()}")
    click.echo(f"{'message':<14} {len(whole.raw)} bytes, masked:")
    click.echo(whole.raw.decode("utf-8", "replace"))


@journal.command()
@click.option(
    "--repair", is_flag=True, help="Put damaged entries aside and declare the gap; the agent must be stopped."
)
@click.option("--file", type=click.Path(path_type=Path), help="An export instead of this box's journal.")
@as_json
@click.pass_context
@told
def verify(context: click.Context, file: Path | None, *, repair: bool, json: bool) -> None:
    """Read every entry and check it against its digest and the chain. Exit code 1 when something is damaged."""
    settings = settings_of(context)
    entries, damages = _verify(file or settings.database)
    if damages and repair and file is None:
        asyncio.run(_repair(settings, damages))
    if json:
        found = [
            {"epoch": damage.epoch, "sequence": damage.sequence, "sentence": damage.sentence} for damage in damages
        ]
        say_json({"entries": entries, "damages": found, "repaired": bool(damages) and repair})
    else:
        for damage in damages:
            click.echo(f"entry {damage.sequence} of epoch {damage.epoch}: {damage.sentence}")
        click.echo(_verified(entries, len(damages), repaired=repair))
    if damages and not repair:
        sys.exit(1)


@journal.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Also what the core has settled and the journal still keeps.")
@as_json
@click.pass_context
@told
def export(context: click.Context, target: Path, *, everything: bool, json: bool) -> None:
    """Write what the core has not settled into the new file TARGET, also from a damaged disk."""
    settings = settings_of(context)

    from adapters.seams.clock import SystemClock
    from edge_agent.journal.export import export as write

    with progress("exporting") as drawn:
        done = write(settings.database, target, SystemClock().now(), everything=everything, progress=drawn)
    if json:
        parts = {
            "file": str(done.path),
            "entries": done.entries,
            "unreadable": done.unreadable,
            "sha256": done.sha256.hex(),
        }
        say_json(parts)
        return
    click.echo(
        f"{done.entries} entries are in {done.path}. Next: `edge-agent journal import {done.path.name}` on the new box."
    )
    if done.unreadable:
        click.echo(
            f"{done.unreadable} entries lie on damaged pages and could not be read: compare with the tills' own rolls."
        )


@journal.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--all", "everything", is_flag=True, help="Also what the core has settled already; it changes nothing there."
)
@as_json
@click.pass_context
@told
def import_(context: click.Context, source: Path, *, everything: bool, json: bool) -> None:
    """Journal again what the export SOURCE holds, with its receipts; again has no effect. The agent must be stopped."""
    settings = settings_of(context)
    adopted = asyncio.run(_adopt(settings, source, everything=everything))
    if json:
        say_json({"journalled": adopted.journalled, "known": adopted.known, "damaged": adopted.damaged})
        return
    click.echo(
        f"{adopted.journalled} entries are journalled, {adopted.known} were here already"
        + (f", {adopted.damaged} were damaged and go to the core as exceptions" if adopted.damaged else "")
        + ". Next: `edge-agent run`; the core books each once."
    )


def _verify(path: Path) -> tuple[int, list[Damage]]:
    from edge_agent.journal import listing, maintenance

    entries = 0
    damages: list[Damage] = []
    place: tuple[int, int, bytes] | None = None
    with listing.inspected(path) as connection, progress("verifying") as drawn:
        total = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        while True:
            step = maintenance.verify(connection, place)
            entries += step.entries
            damages += step.damages
            drawn(entries, total)
            if step.next_place is None:
                return entries, damages
            place = step.next_place


async def _repair(settings: Settings, damages: list[Damage]) -> None:
    from edge_agent.app import open_database, open_journal, real_seams

    seams = real_seams()
    database = await open_database(settings, seams)
    try:
        opened = await open_journal(database, settings, seams)
        await opened.heal(damages)
    finally:
        await database.close()


async def _adopt(settings: Settings, source: Path, *, everything: bool) -> Any:
    from edge_agent.app import open_database, open_journal, real_seams

    seams = real_seams()
    database = await open_database(settings, seams)
    try:
        opened = await open_journal(database, settings, seams)
        with progress("importing") as drawn:
            return await opened.adopt(source, everything=everything, progress=lambda done: drawn(done, None))
    finally:
        await database.close()


def _verified(entries: int, damaged: int, *, repaired: bool) -> str:
    if not damaged:
        return f"{entries} entries read as they were written."
    if repaired:
        return f"{damaged} damaged entries are put aside and declared; what is left of them goes to the core as exceptions."
    return f"{damaged} of {entries} entries are damaged. Next: stop the agent and run `edge-agent journal verify --repair`."


def _summary(entry: Summary) -> dict[str, Any]:
    return {
        "number": entry.number,
        "epoch": entry.place.epoch.hex(),
        "sequence": entry.place.sequence,
        "kind": entry.kind,
        "till": entry.till,
        "document": entry.document,
        "reference": entry.reference,
        "revision": entry.revision,
        "receipt_id": entry.receipt_id,
        "received_at": entry.received_at.isoformat(),
        "size": entry.size,
        "settled": entry.settled,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "sentence": entry.sentence,
        "record_id": entry.record_id,
        "order_ids": list(entry.order_ids),
    }
