"""Commands that keep the core itself: migrate, backup, restore, verify-ledger; files and figures out, progress on long work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from adapters.canonical.quantity import show
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.commands.surroundings import (
    Surroundings,
    finish,
    json_option,
    known_tenant,
    say,
    tenant_option,
)


@click.command()
@json_option
@click.pass_obj
def migrate(here: Surroundings, /, *, as_json: bool) -> None:
    """Create or upgrade the database, its master key and the certificate authority."""

    async def work() -> dict[str, str]:
        from core_service.fleet.certificates import CertificateAuthority
        from core_service.sealing.master_key import create_master_key
        from core_service.store import migrate as upgrade

        directory = here.settings.directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        create_master_key(directory / "master.key", here.randomness)
        CertificateAuthority.open(directory / "pki", here.clock, here.randomness)
        return {"database": here.settings.database, "migration": upgrade(here.settings.database)}

    answer = finish(work())
    say(answer, as_json=as_json, sentence=lambda: f"{answer['database']} is at migration {answer['migration']}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(here: Surroundings, /, *, file: Path, as_json: bool) -> None:
    """Copy the database to FILE while the core runs. Keep data_dir/pki and data_dir/master.key with it, apart."""
    from core_service.store import backup as copy

    finish(_blocking(lambda progress: copy(here.settings.database, file, progress), "copying", as_json=as_json))
    say({"backup": str(file)}, as_json=as_json, sentence=lambda: f"The database is copied to {file}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Really replace the present database (it is moved aside, not deleted).")
@json_option
@click.pass_obj
def restore(here: Surroundings, /, *, file: Path, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in place of the database, with the core stopped. Agents send again what it does not know."""
    from core_service.dispatch.checking import check_all
    from core_service.store import alone
    from core_service.store import restore as put_back
    from core_service.store.schema import database_path

    async def work() -> dict[str, Any]:
        url, previous = here.settings.database, None
        present = database_path(url)
        if present is not None and present.exists():
            if not yes:
                raise Permanent(Reason.ALREADY_EXISTS, f"{present} is there; add --yes to move it aside and restore.")
            previous = present.with_name(f"{present.name}.before-restore-{here.clock.now():%Y%m%d-%H%M%S}")
        with alone(url):
            feed_id = put_back(file, url, here.randomness, previous=previous)
            async with here.store() as store:
                checked = await check_all(store, here.clock.now())
        return {"feed_id": feed_id, "previous": str(previous or ""), "shipments_to_check": checked}

    answer = finish(work())
    say(
        answer,
        as_json=as_json,
        sentence=lambda: (
            f"Restored from {file}; the database before it is {answer['previous'] or 'none'}. Start the core again."
        ),
    )


@click.command("ca-certificate")
@click.pass_obj
def ca_certificate(here: Surroundings) -> None:
    """Print the certificates that API clients trust, PEM."""
    from core_service.fleet.certificates import CertificateAuthority

    authority = CertificateAuthority.open(here.settings.directory / "pki", here.clock, here.randomness)
    click.echo(authority.bundle_pem.decode(), nl=False)


@click.command("verify-ledger")
@tenant_option
@json_option
@click.pass_obj
def verify_ledger(here: Surroundings, /, *, tenant: str, as_json: bool) -> None:
    """Compare every stock level with the sum of its movements; exit code 1 when one differs."""

    async def work() -> list[dict[str, str]]:
        async with here.store() as store, store.read(await known_tenant(store, tenant)) as uow:
            found = await uow.stock.verify()
        return [
            {
                "location": one.location,
                "sku": one.sku,
                "ledger": show(one.ledger),
                "level": show(one.level),
                "sentence": one.sentence,
            }
            for one in found
        ]

    found = finish(work())
    say(
        {"discrepancies": found},
        as_json=as_json,
        sentence=lambda: "\n".join(one["sentence"] for one in found) or "The ledger balances.",
    )
    if found and not as_json:
        raise click.exceptions.Exit(1)


async def _blocking(work: Callable[[Callable[[int, int], None]], Any], label: str, *, as_json: bool) -> None:
    if as_json:
        work(lambda _done, _total: None)
        return
    from rich.progress import Progress

    with Progress(transient=True) as bar:
        task = bar.add_task(label, total=None)
        work(lambda done, total: bar.update(task, completed=done, total=total))
