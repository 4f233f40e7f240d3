"""The command that runs the core."""

from __future__ import annotations

import click

from adapters.errors import TillstreamError
from core_service.commands.surroundings import Surroundings, fail


@click.command()
@click.pass_obj
def serve(here: Surroundings) -> None:
    """Run the core until SIGTERM or Ctrl-C; the first one stops in order, a second one at once."""
    import asyncio

    from adapters.telemetry.logs import set_up_logs
    from adapters.telemetry.metrics import PrometheusTelemetry
    from core_service.parts import Seams, failpoints
    from core_service.server import serve as run

    set_up_logs(here.settings.log_level)
    metrics = PrometheusTelemetry("tillstream_core")
    seams = Seams(clock=here.clock, randomness=here.randomness, failpoints=failpoints(here.settings), telemetry=metrics)
    try:
        asyncio.run(run(here.settings, seams, metrics))
    except TillstreamError as error:
        fail(error)
