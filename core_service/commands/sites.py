"""Commands for places: tenants, stores and warehouses set up and listed."""

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


def _place_options(command: Any) -> Any:
    for name, help_text in (
        ("--latitude", "Degrees north, such as 53.8."),
        ("--longitude", "Degrees east; west is below zero, written --longitude=-1.5."),
        ("--country", "ISO 3166-1 alpha-2, such as GB."),
    ):
        command = click.option(name, default="", help=help_text)(command)
    return command


@click.group()
def tenant() -> None:
    """Set up tenants: chains of stores that share nothing."""


@tenant.command("put")
@click.argument("tenant_id")
@click.option("--name", required=True, help="What people call it.")
@json_option
@click.pass_obj
def put_tenant(here: Surroundings, /, *, tenant_id: str, name: str, as_json: bool) -> None:
    """Create a tenant, or change its name."""

    async def work() -> dict[str, str]:
        from core_service.domain.setup import Tenant
        from core_service.setup.tenants import put_tenant as put

        async with here.store() as store:
            done = await put(store, Tenant(tenant=tenant_id, name=name))
        return {"tenant": done.tenant, "name": done.name}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"Tenant {answer['tenant']} ({answer['name']}) is set up.")


@tenant.command("list")
@json_option
@click.pass_obj
def list_tenants(here: Surroundings, /, *, as_json: bool) -> None:
    """Show every chain of stores by id."""

    async def work() -> list[dict[str, Any]]:
        async with here.store() as store:
            return [{"tenant": one.tenant, "name": one.name} for one in await store.platform.tenants("", MOST_LISTED)]

    rows = finish(work())
    say({"tenants": rows}, as_json=as_json, sentence=lambda: table(rows, ("tenant", "name")))


@click.group("store")
def store() -> None:
    """Set up stores."""


@store.command("put")
@click.argument("store_id")
@tenant_option
@click.option("--name", required=True, help="What people call it.")
@click.option("--time-zone", required=True, help="IANA time zone, such as Europe/London.")
@click.option("--closing", default="00:00", show_default=True, help="Local time at which the business day ends.")
@click.option("--currency", required=True, help="ISO 4217, such as GBP.")
@click.option(
    "--core-share", default=20, show_default=True, help="Per cent of goods received that the core may promise."
)
@_place_options
@json_option
@click.pass_obj
def put_store(here: Surroundings, /, *, store_id: str, tenant: str, as_json: bool, **given: Any) -> None:
    """Create or replace a store and the location of its stock."""

    async def work() -> dict[str, Any]:
        from core_service.setup.shops import Site, StoreDraft
        from core_service.setup.shops import put_store as put

        draft = StoreDraft(
            store=store_id,
            name=given["name"],
            time_zone=given["time_zone"],
            currency_code=given["currency"],
            closing_time=given["closing"],
            core_share_percent=given["core_share"],
            site=Site(latitude=given["latitude"], longitude=given["longitude"], country_code=given["country"]),
        )
        async with here.store() as opened:
            done, _ = await put(await desk_of(here, opened, tenant), draft)
        return {"store": done.store, "name": done.name, "time_zone": done.time_zone, "currency": done.currency}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"Store {answer['store']} ({answer['name']}) is set up.")


@store.command("list")
@tenant_option
@json_option
@click.pass_obj
def list_stores(here: Surroundings, /, *, tenant: str, as_json: bool) -> None:
    """Show stores by id with zone, closing time and currency."""
    found = finish(of_tenant(here, tenant, lambda uow: uow.stores.list("", MOST_LISTED)))
    rows: list[dict[str, Any]] = [
        {
            "store": one.store,
            "name": one.name,
            "time_zone": one.time_zone,
            "closing": f"{one.closing_time:%H:%M}",
            "currency": one.currency,
            "core_share_percent": one.core_share_percent,
        }
        for one in found
    ]
    columns = ("store", "name", "time_zone", "closing", "currency", "core_share_percent")
    say({"stores": rows}, as_json=as_json, sentence=lambda: table(rows, columns))


@click.group()
def location() -> None:
    """Set up warehouses (a store's location comes with the store)."""


@location.command("put")
@click.argument("location_id")
@tenant_option
@click.option("--name", required=True, help="What people call it.")
@click.option("--wms-url", default="", help="Address of its warehouse system; without one nothing is routed there.")
@click.option("--wms-secret", default="", help="Shared secret, whsec_...; empty keeps the present one.")
@click.option("--daily-capacity", default=0, help="Orders that it takes a day; 0: no limit.")
@click.option("--closed", is_flag=True, help="It takes no more orders.")
@_place_options
@json_option
@click.pass_obj
def put_location(here: Surroundings, /, *, location_id: str, tenant: str, as_json: bool, **given: Any) -> None:
    """Create or replace a warehouse."""

    async def work() -> dict[str, Any]:
        from core_service.setup.shops import LocationDraft, Site
        from core_service.setup.shops import put_location as put

        draft = LocationDraft(
            location=location_id,
            name=given["name"],
            wms_url=given["wms_url"],
            wms_secret=given["wms_secret"],
            daily_capacity=given["daily_capacity"],
            closed=given["closed"],
            site=Site(latitude=given["latitude"], longitude=given["longitude"], country_code=given["country"]),
        )
        async with here.store() as opened:
            done = await put(await desk_of(here, opened, tenant), draft)
        return {"location": done.location, "name": done.name, "wms_url": done.wms_url}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"Warehouse {answer['location']} ({answer['name']}) is set up.")


@location.command("list")
@tenant_option
@json_option
@click.pass_obj
def list_locations(here: Surroundings, /, *, tenant: str, as_json: bool) -> None:
    """List locations, stores' among them."""
    found = finish(of_tenant(here, tenant, lambda uow: uow.locations.list("", MOST_LISTED)))
    rows: list[dict[str, Any]] = [
        {
            "location": one.location,
            "name": one.name,
            "kind": str(one.kind),
            "country": one.country_code,
            "wms_url": one.wms_url,
            "closed": one.closed,
        }
        for one in found
    ]
    columns = ("location", "name", "kind", "country", "wms_url", "closed")
    say({"locations": rows}, as_json=as_json, sentence=lambda: table(rows, columns))


@location.command("secret")
@json_option
@click.pass_obj
def new_secret(here: Surroundings, /, *, as_json: bool) -> None:
    """Print a new shared secret for a warehouse system, to be given to both sides."""
    import base64

    secret = "whsec_" + base64.b64encode(here.randomness.token(24)).decode()
    say({"secret": secret}, as_json=as_json, sentence=lambda: secret)
