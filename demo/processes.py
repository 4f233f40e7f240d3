"""Child processes of the demonstration: a command in, a running process with its log out; started, watched and stopped by their own ids."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
import httpx2

_ROOT = Path(__file__).parent.parent


class DemoError(Exception):
    """The demonstration cannot go on; the text says why and where to look."""


@dataclass(kw_only=True)
class Child:
    """One process. Its output goes to `log`; `kill` is kill -9."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, in a process group of its own, so that Ctrl-C reaches only us and we stop in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdout=output,
                stderr=output,
                stdin=asyncio.subprocess.DEVNULL,
                env=child_environment(self.environment),
                start_new_session=True,
            )

    async def stop(self, seconds: float = 15) -> int:
        """SIGTERM, then wait; SIGKILL after so many seconds. Return the exit code."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(seconds):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
        return await self.process.wait()

    async def kill(self) -> None:
        """Kill -9 and wait."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def tail(self, lines: int = 12) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    def must_run(self) -> None:
        """Raise DemoError with its log's end when it has ended."""
        if self.process is None or self.process.returncode is not None:
            raise DemoError(f"{self.name} has ended; {self.log} ends with:\n{self.tail()}")

    async def ready(self, url: str, seconds: float = 30) -> None:
        """Wait until `url` answers 200; raise DemoError with the log's end when the process ends or time runs out."""
        try:
            async with asyncio.timeout(seconds), httpx2.AsyncClient(timeout=2) as client:
                while True:
                    self.must_run()
                    try:
                        if (await client.get(url)).status_code == httpx2.codes.OK:
                            return
                    except httpx2.HTTPError:
                        pass
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise DemoError(
                f"{self.name} was not ready in {seconds:.0f} s; {self.log} ends with:\n{self.tail()}"
            ) from error


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with the project importable and `extra` on top."""
    path = os.pathsep.join([str(_ROOT), str(_ROOT / "proto")])
    return {**os.environ, "PYTHONPATH": path, **extra}


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the project with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def core_command(words: list[str]) -> str:
    """Run a `core-service` command in this process, which spares seventeen starts of the interpreter, and return what it printed.

    Raises DemoError with what it said on standard error when it fails.
    """
    from core_service.__main__ import main

    output, errors = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            main.main(args=words, prog_name="core-service", standalone_mode=False)
    except (click.ClickException, SystemExit) as error:
        raise DemoError(f"`core-service {' '.join(words)}` failed:\n{errors.getvalue()}{output.getvalue()}") from error
    return output.getvalue()


async def run(command: list[str], *, stdin: str = "", seconds: float = 60) -> str:
    """Run a command to its end and return its standard output; raise DemoError with what it said when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment({}),
    )
    async with asyncio.timeout(seconds):
        output, errors = await process.communicate(stdin.encode())
    if process.returncode:
        raise DemoError(f"`{' '.join(command[2:])}` failed:\n{errors.decode()}{output.decode()}")
    return output.decode()
