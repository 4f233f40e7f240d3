"""The table of access: the same as the words in the contracts."""

from __future__ import annotations

import re
from pathlib import Path

from core_service.grpc_api.access import ACCESS, Proof, words
from tests.core_service.grpc_api.methods import every_method

PROTO = Path(__file__).parents[3] / "proto"
SERVICE = re.compile(r"^service (\w+)")
CALLER = re.compile(r"//\s*Caller: (.+)")
RPC = re.compile(r"^\s*rpc (\w+)\(")
PACKAGE = re.compile(r"^package ([\w.]+);")


def callers_in_the_contracts() -> dict[str, str]:
    """Return method -> what its comment says after `Caller:`."""
    found: dict[str, str] = {}
    for path in sorted(PROTO.glob("tillstream/**/*_service.proto")):
        package = service = caller = ""
        for line in path.read_text("utf-8").splitlines():
            if matched := PACKAGE.match(line):
                package = matched[1]
            if matched := SERVICE.match(line):
                service = matched[1]
            if matched := CALLER.search(line):
                caller = matched[1]
            if matched := RPC.match(line):
                found[f"/{package}.{service}/{matched[1]}"] = caller
                caller = ""
    return found


def test_each_rpcs_comment_says_who_may_call_it_as_the_table_does() -> None:
    """`Caller: <the table's words>`, perhaps with more after a semicolon."""
    said = callers_in_the_contracts()
    assert set(said) == {method.name for method in every_method()}
    for name, caller in said.items():
        assert re.split(r"[;.]$|; ", caller)[0].rstrip(".") == words(ACCESS[name]), name


def test_nothing_of_ours_is_open_to_anyone() -> None:
    """Only health and reflection demand nothing."""
    assert not [name for name, demand in ACCESS.items() if demand is Proof.NOTHING and name.startswith("/tillstream.")]
