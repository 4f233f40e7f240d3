"""`edge-agent enrol TOKEN`: a join token in, the box's identity on its disk out."""

from __future__ import annotations

import asyncio
import sys

import click

from edge_agent.commands.saying import as_json, say_json, settings_of, told


@click.command()
@click.argument("token")
@click.option("--replace", is_flag=True, help="Make this box another agent, though it is one already; stop it first.")
@as_json
@click.pass_context
@told
def enrol(context: click.Context, token: str, *, replace: bool, json: bool) -> None:
    """Make this box the agent of a store. TOKEN is what `core-service token create` printed; `-` reads it from standard input."""
    settings = settings_of(context)
    text = sys.stdin.read() if token == "-" else token  # noqa: S105 - the word for standard input

    from edge_agent.app import real_seams
    from edge_agent.identity.enrolment import enrol as join
    from edge_agent.identity.keystore import Keystore
    from edge_agent.identity.wire import GrpcIssuer

    settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keystore = Keystore(settings.directory)
    identity = asyncio.run(join(text.strip(), keystore, GrpcIssuer(), real_seams().clock, replace=replace))
    if json:
        say_json(
            {
                "tenant": identity.tenant,
                "store": identity.store,
                "agent": identity.agent,
                "certificate_expires_at": identity.expires_at,
            }
        )
    else:
        click.echo(
            f"This box is agent {identity.agent} of store {identity.store}, tenant {identity.tenant}; its certificate is good until "
            f"{identity.expires_at:%Y-%m-%d}, and renews itself. Next: `edge-agent run`."
        )
