"""How commands speak: results and errors in, lines for a person or one JSON document out; an error is one sentence with the next step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
import msgspec

from adapters.errors import TillstreamError
from edge_agent.settings import Settings, load

P = ParamSpec("P")
T = TypeVar("T")

F = TypeVar("F", bound=Callable[..., Any])


def as_json(command: F) -> F:
    """Give a command the option `--json`."""
    return click.option("--json", is_flag=True, help="Print one JSON document, for scripts.")(command)


def settings_of(context: click.Context) -> Settings:
    """Return the settings that the command line named."""
    config: Path | None = context.find_root().obj
    return load(config)


def told(command: Callable[P, T]) -> Callable[P, T]:
    """Turn errors of a command into one sentence on standard error and exit code 1, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except TillstreamError as error:
            fail(error)
        except KeyboardInterrupt:
            sys.exit(130)
        except OSError as error:
            name = f" ({error.filename})" if error.filename else ""
            fail(
                f"The machine refused{name}: {error.strerror or error}. Check the path, its owner and the disk, then try again."
            )

    return run


def fail(error: TillstreamError | str) -> NoReturn:
    """Say what went wrong and what to do, and exit with 1."""
    if isinstance(error, TillstreamError):
        where = f" (at {error.path})" if error.path else ""
        click.echo(f"edge-agent: {error.sentence}{where} [{error.reason}]", err=True)
    else:
        click.echo(f"edge-agent: {error}", err=True)
    sys.exit(1)


def say_json(value: Any) -> None:
    """Print a value as JSON, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a callable (done, of or None) that draws a bar where a person looks on, and is silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
