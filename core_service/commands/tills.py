"""Commands for tills: registered, listed, and given keys."""

from __future__ import annotations

from typing import Any

import click

from core_service.commands.desk import desk_of
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

_store_option = click.option("--store", required=True, help="Its store.")


@click.group()
def till() -> None:
    """Register tills and issue their keys."""


@till.command("put")
@click.argument("till_id")
@tenant_option
@_store_option
@click.option("--dialect", required=True, help="What it speaks: plain, square ...")
@click.option("--webhook-secret", default="", help="Secret of its vendor's webhooks; empty keeps the present one.")
@click.option("--webhook-url", default="", help="Address that the vendor signs along with the body.")
@click.option("--retired", is_flag=True, help="It sells no more.")
@json_option
@click.pass_obj
def put_till(here: Surroundings, /, *, till_id: str, tenant: str, store: str, as_json: bool, **given: Any) -> None:
    """Create or replace a till."""

    async def work() -> dict[str, Any]:
        from core_service.setup.tills import TillDraft
        from core_service.setup.tills import put_till as put

        draft = TillDraft(store=store, till=till_id, **given)
        async with here.store() as opened:
            done = await put(await desk_of(here, opened, tenant), draft)
        return {"store": done.store, "till": done.till, "dialect": done.dialect}

    answer = finish(work())
    say(
        answer,
        as_json=as_json,
        sentence=lambda: (
            f"Till {answer['till']} of {answer['store']} speaks {answer['dialect']}; "
            f"make its key with `core-service till key {answer['till']} --tenant {tenant} --store {store}`."
        ),
    )


@till.command("key")
@click.argument("till_id")
@tenant_option
@_store_option
@click.option("--overlap", default=86_400, show_default=True, help="Seconds that the key before goes on.")
@json_option
@click.pass_obj
def issue_key(here: Surroundings, /, *, till_id: str, tenant: str, store: str, overlap: int, as_json: bool) -> None:
    """Issue a till's API key, or its next one; it is shown once."""

    async def work() -> dict[str, Any]:
        from core_service.setup.tills import issue_till_key

        async with here.store() as opened:
            issued = await issue_till_key(await desk_of(here, opened, tenant), store, till_id, overlap)
        return {"api_key": issued.api_key, "previous_expires_at": issued.previous_expires_at.isoformat()}

    answer = finish(work())
    say(
        answer,
        as_json=as_json,
        sentence=lambda: f"{answer['api_key']}\n(shown once; the till sends it as Bearer token)",
    )


@till.command("list")
@tenant_option
@click.option("--store", default="", help="Only of this store.")
@json_option
@click.pass_obj
def list_tills(here: Surroundings, /, *, tenant: str, store: str, as_json: bool) -> None:
    """Show tills by store and what they speak."""
    found = finish(of_tenant(here, tenant, lambda uow: uow.tills.list(store, ("", ""), MOST_LISTED)))
    rows: list[dict[str, Any]] = [
        {"store": one.store, "till": one.till, "dialect": one.dialect, "retired": one.retired} for one in found
    ]
    say({"tills": rows}, as_json=as_json, sentence=lambda: table(rows, ("store", "till", "dialect", "retired")))
