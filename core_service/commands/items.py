"""Commands for the catalogue: SKUs put, listed and imported from CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core_service.commands.desk import desk_of
from core_service.commands.records import report_rows
from core_service.commands.surroundings import (
    MOST_LISTED,
    Surroundings,
    finish,
    json_option,
    of_tenant,
    say,
    table,
    tenant_option,
)


@click.group()
def sku() -> None:
    """Set up and import the catalogue."""


@sku.command("put")
@click.argument("sku_id")
@tenant_option
@click.option("--name", required=True, help="What it is called.")
@click.option("--gtin", multiple=True, help="A GTIN; may be given several times.")
@click.option("--alias", multiple=True, help="Another name that tills use; may be given several times.")
@click.option("--retired", is_flag=True, help="It is no longer sold.")
@json_option
@click.pass_obj
def put_sku(here: Surroundings, /, *, sku_id: str, tenant: str, as_json: bool, **given: Any) -> None:
    """Create or replace a SKU."""

    async def work() -> dict[str, Any]:
        from core_service.setup.catalogue import SkuDraft, put_skus

        draft = SkuDraft(
            sku=sku_id, name=given["name"], gtins=given["gtin"], aliases=given["alias"], retired=given["retired"]
        )
        async with here.store() as opened:
            await put_skus(await desk_of(here, opened, tenant), [draft])
        return {"sku": sku_id}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"SKU {answer['sku']} is set up.")


@sku.command("list")
@tenant_option
@json_option
@click.pass_obj
def list_skus(here: Surroundings, /, *, tenant: str, as_json: bool) -> None:
    """Show the catalogue by SKU."""
    found = finish(of_tenant(here, tenant, lambda uow: uow.skus.list("", MOST_LISTED)))
    rows: list[dict[str, Any]] = [
        {
            "sku": one.sku,
            "name": one.name,
            "gtins": " ".join(one.gtins),
            "aliases": " ".join(one.aliases),
            "retired": one.retired,
        }
        for one in found
    ]
    say({"skus": rows}, as_json=as_json, sentence=lambda: table(rows, ("sku", "name", "gtins", "aliases", "retired")))


@sku.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@tenant_option
@json_option
@click.pass_obj
def import_skus(here: Surroundings, /, *, file: Path, tenant: str, as_json: bool) -> None:
    """Import SKUs from a CSV file with the columns sku,name,gtins,aliases; nothing while a row is wrong."""
    raw = file.read_bytes()

    async def work() -> list[dict[str, Any]]:
        from rich.progress import Progress

        from core_service.setup.csv_catalogue import import_catalogue

        async with here.store() as opened:
            desk = await desk_of(here, opened, tenant)
            with Progress(transient=True, disable=as_json) as bar:
                task = bar.add_task("importing", total=None)
                errors = await import_catalogue(
                    desk, raw, lambda done, total: bar.update(task, completed=done, total=total)
                )
        return [{"row": error.number, "sentence": error.sentence} for error in errors]

    report_rows(finish(work()), file, as_json=as_json)
