"""`python -m demo run` and `python -m demo outage`: the whole chain on this machine, started, fed, told about and stopped by Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from demo.chain import Chain, Ports, choose_ports
from demo.outage import outage
from demo.processes import DemoError
from demo.show import show

_WANTED = Ports(agents=8443, api=8444, rest=8081, till=8080, warehouse=8090)


def tell(sentence: str) -> None:
    """Say what happens, also while a command's own output is caught in another thread."""
    print(sentence, file=sys.__stdout__, flush=True)


@contextlib.contextmanager
def _own(folder: Path) -> Iterator[None]:
    """Have an empty folder for one demonstration; raise DemoError when another runs in it or it is not a demonstration's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            sentence = f"A demonstration runs in {folder} already: stop it with Ctrl-C, or give this one a folder of its own, such as"
            raise DemoError(f"{sentence}\n  make run ARGS='--folder var/second'") from error
        if folder.exists():
            if any(folder.iterdir()) and not (folder / "core.toml").exists():
                raise DemoError(f"{folder} holds something else than a demonstration and is left alone: name another.")
            shutil.rmtree(folder)
        yield


async def _main(story: str, folder: Path, seconds: float) -> None:
    chain = Chain(folder=folder.resolve(), ports=choose_ports(_WANTED), tell=lambda text: tell(f"  · {text}"))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.create_task(show(chain, tell, seconds) if story == "run" else outage(chain, tell))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        stopped.cancel()
        task.cancel()
        # Whatever the story ended with, the processes that it started are stopped.
        await asyncio.gather(task, return_exceptions=True)
        tell("\nstopping agent, core and warehouse ...")
        await chain.stop()
        tell("stopped; the logs are in " + str(folder))


def main() -> None:
    """Read the command line and run the story."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("story", choices=("run", "outage"))
    parser.add_argument(
        "--folder", type=Path, default=Path("var/demo"), help="made anew at every start; var/demo unless given"
    )
    parser.add_argument(
        "--seconds", type=float, default=0, help="stop by itself after so many seconds; 0: run until Ctrl-C"
    )
    arguments = parser.parse_args()
    try:
        with _own(arguments.folder):
            asyncio.run(_main(arguments.story, arguments.folder, arguments.seconds))
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
