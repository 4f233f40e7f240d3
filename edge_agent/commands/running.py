"""`edge-agent run`: settings in, a running agent until a signal; ends with code 0 after an orderly stop."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable

import click

from edge_agent.commands.saying import settings_of, told


@click.command()
@click.pass_context
@told
def run(context: click.Context) -> None:
    """Open the doors to the tills and stay connected to the core, until SIGTERM or Ctrl-C."""
    settings = settings_of(context)
    # structlog loads rich for tracebacks in colour, where it is installed: 60 ms and 3 MB that no log line in JSON needs.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # this is how Python is told that a module is not there

    from adapters.telemetry.logs import set_up_logs
    from edge_agent.app import Agent, real_seams

    set_up_logs(settings.log_level)

    async def serve() -> None:
        agent = await Agent.open(settings, real_seams())
        # What has been loaded stays: the collector need not look at it again, which shortens its pauses.
        gc.collect()
        gc.freeze()
        try:
            await agent.run()
        finally:
            await agent.close()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
