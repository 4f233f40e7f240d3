"""Which field was meant: a declared type, a JSON path and an unknown name in, advice for the sender out; loaded only to refuse a message."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

_STEP = re.compile(r"\[[^\]]*\]|\.([^.\[]+)")


def advice(declared: Any, path: str, unknown: str) -> str:
    """Return `did you mean ...`, or what the object at `path` of the type may hold."""
    names = _names(inspect.type_info(declared), [found[1] for found in _STEP.finditer(path.removeprefix("$"))])
    near = get_close_matches(unknown, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"leave it out; known are {', '.join(f'`{name}`' for name in names)}."


def _names(info: inspect.Type, steps: list[str | None]) -> list[str]:
    """Return the names that the object reached by the steps may hold; a step None goes into an array or map."""
    if isinstance(info, inspect.UnionType):
        return [name for part in info.types for name in _names(part, steps)]
    if isinstance(info, inspect.StructType):
        if not steps:
            return [field.encode_name for field in info.fields]
        inside = [field.type for field in info.fields if field.encode_name == steps[0]]
        return _names(inside[0], steps[1:]) if inside else []
    if isinstance(info, inspect.ListType | inspect.VarTupleType):
        return _names(info.item_type, steps[1:])
    if isinstance(info, inspect.DictType):
        return _names(info.value_type, steps[1:])
    return []
