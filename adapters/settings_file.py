"""Settings of a process: one TOML file and environment variables in, a checked struct out; every error at once, each with its next step."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_type_hints

import msgspec

from adapters.errors import Permanent
from adapters.reasons import Reason


class Checked(Protocol):
    """A struct of settings that knows what cannot work."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence with the next step) for every value that cannot work."""


S = TypeVar("S", bound=Checked)


def read_settings(kind: type[S], path: Path | None, environment: Mapping[str, str], prefix: str) -> S:
    """Read file and environment (`<PREFIX>TABLE__KEY`); raise Permanent(SETTINGS_INVALID) whose sentence lists every error.

    `kind` is a msgspec Struct that forbids unknown fields; its tables are such structs too.
    """
    raw = _file(path)
    errors = _overlay(raw, environment, prefix)
    errors += list(_misfits(raw, kind, ""))
    if not errors:
        settings = msgspec.convert(raw, kind)
        errors = [f"{key}: {sentence}" for key, sentence in settings.faults()]
        if not errors:
            return settings
    listing = "\n".join(f"  - {line}" for line in errors)
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    raise Permanent(Reason.SETTINGS_INVALID, f"The settings have {count}; correct them and start again:\n{listing}")


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        sentence = f"{path} cannot be read ({error.strerror}); name another file with --config."
        raise Permanent(Reason.SETTINGS_INVALID, sentence) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Permanent(Reason.SETTINGS_INVALID, f"{path} is no TOML: {error}. Correct that line.") from error


def _overlay(raw: dict[str, Any], environment: Mapping[str, str], prefix: str) -> list[str]:
    """Put the variables over the file's values; a variable that names a table where a value stands is an error."""
    errors = []
    for name, text in sorted(environment.items()):
        if not name.startswith(prefix):
            continue
        *tables, key = name.removeprefix(prefix).lower().split("__")
        target: Any = raw
        for table in tables:
            target = target.setdefault(table, {}) if isinstance(target, dict) else None
        if isinstance(target, dict):
            target[key] = _as_toml(text)
        else:
            errors.append(f"{name}: {'.'.join(tables)} is no table; unset the variable")
    return errors


def _as_toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _misfits(raw: Mapping[str, Any], kind: type, where: str) -> Iterator[str]:
    hints = get_type_hints(kind)
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        place = f"{where}{key}"
        if key not in known:
            yield f"{place}: there is no such setting; known here: {', '.join(sorted(known))}"
            continue
        wanted = hints[key]
        if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            if isinstance(value, Mapping):
                yield from _misfits(value, wanted, f"{place}.")
            else:
                yield f"{place}: is a table; write [{place}] and its keys below"
            continue
        try:
            msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            yield f"{place}: {error}; for example {_example(known[key].default)}"


def _example(default: object) -> str:
    return f'"{default}"' if isinstance(default, str) else str(default).lower()
