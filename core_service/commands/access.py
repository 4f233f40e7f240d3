"""Commands for API credentials: made, listed, ended; a token is shown once."""

from __future__ import annotations

from typing import Any

import click

from adapters.errors import Permanent
from adapters.reasons import Reason
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


@click.group()
def credential() -> None:
    """Make and end API credentials."""


@credential.command("create")
@click.option("--tenant", default="", help="Whose; left out only with --platform.")
@click.option("--platform", is_flag=True, help="For the platform itself: may set up tenants, and nothing of a tenant.")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, help="What it may do, such as orders:read; may be given several times."
)
@json_option
@click.pass_obj
def create_credential(
    here: Surroundings, /, *, tenant: str, platform: bool, name: str, as_json: bool, scopes: tuple[str, ...]
) -> None:
    """Make a credential; its bearer token is shown once."""

    async def work() -> dict[str, Any]:
        from core_service.setup.credentials import create_credential as create
        from core_service.setup.credentials import create_platform_credential

        if platform == bool(tenant):
            raise Permanent(Reason.FIELD_MISSING, "Say either --tenant or --platform.", path="tenant")
        async with here.store() as opened:
            if platform:
                seams = (here.clock, here.randomness)
                made = await create_platform_credential(opened, seams, name, scopes or ("platform:admin",))
            else:
                made = await create(await desk_of(here, opened, tenant), name, scopes, None)
        return {
            "credential": made.credential.credential,
            "scopes": sorted(made.credential.scopes),
            "token": made.token,
        }

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"{answer['token']}\n(shown once; send it as Bearer token)")


@credential.command("list")
@tenant_option
@json_option
@click.pass_obj
def list_credentials(here: Surroundings, /, *, tenant: str, as_json: bool) -> None:
    """List credentials without their secrets."""
    found = finish(of_tenant(here, tenant, lambda uow: uow.credentials.list("", MOST_LISTED)))
    rows: list[dict[str, Any]] = [
        {
            "credential": one.credential,
            "name": one.name,
            "scopes": " ".join(sorted(one.scopes)),
            "created_at": one.created_at.isoformat(),
            "revoked": one.revoked,
        }
        for one in found
    ]
    columns = ("credential", "name", "scopes", "created_at", "revoked")
    say({"credentials": rows}, as_json=as_json, sentence=lambda: table(rows, columns))


@credential.command("revoke")
@click.argument("credential_id")
@tenant_option
@json_option
@click.pass_obj
def revoke_credential(here: Surroundings, /, *, credential_id: str, tenant: str, as_json: bool) -> None:
    """End a credential at once."""

    async def work() -> dict[str, Any]:
        from core_service.setup.credentials import revoke_credential as revoke

        async with here.store() as opened:
            done = await revoke(await desk_of(here, opened, tenant), credential_id)
        return {"credential": done.credential, "revoked": done.revoked}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"Credential {answer['credential']} is ended.")
