"""The contracts' own manners: .proto files in; floats, RPCs that name no caller and times without `_time` out (buf finds the rest)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.smells.finding import Finding
from checks.smells.tree import Source, Tree

_FLOAT = re.compile(r"^\s*(?:repeated\s+|optional\s+)?(?:map<\w+,\s*)?(float|double)\b")
_RPC = re.compile(r"^\s*rpc\s+(\w+)")
_TIME = re.compile(r"^\s*(?:repeated\s+|optional\s+)?google\.protobuf\.Timestamp\s+(\w+)")


def find(tree: Tree) -> Iterator[Finding]:
    """Yield what buf does not look for in the .proto files."""
    for source in tree.sources:
        if source.path.endswith(".proto"):
            yield from _fields(source)
            yield from _callers(source)


def _fields(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.lines, 1):
        if found := _FLOAT.match(line):
            advice = f"`{found[1]}` is inexact; money is the message Money, a quantity is decimal text or micro-units"
            yield Finding(source.path, number, "float", advice)
        found = _TIME.match(line)
        if found and found[1] != "time" and not found[1].endswith(("_time", "_times")):
            yield Finding(source.path, number, "time", f"`{found[1]}`: a time's name ends in `_time`")


def _callers(source: Source) -> Iterator[Finding]:
    comment: list[str] = []
    for number, line in enumerate(source.lines, 1):
        if line.strip().startswith("//"):
            comment.append(line)
            continue
        found = _RPC.match(line)
        if found and not any("Caller:" in text for text in comment):
            advice = f"the comment of `{found[1]}` ends by saying who may call it: `Caller: ...`"
            yield Finding(source.path, number, "no caller", advice)
        comment = []
