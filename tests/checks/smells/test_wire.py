"""The contracts' manners that buf does not look for."""

from __future__ import annotations

import pytest

from tests.checks.smells.conftest import Smell

PROTO = "proto/tillstream/oms/v1/price_service.proto"


@pytest.mark.parametrize(
    "line", ["  double price = 1;", "  repeated float prices = 1;", "  map<string, double> prices = 1;"]
)
def test_a_float_on_the_wire_is_named(smell: Smell, line: str) -> None:
    assert smell(PROTO, f"message Price {{\n{line}\n}}\n") == [("float", 2)]


@pytest.mark.parametrize(("name", "found"), [("sold_time", []), ("time", []), ("sold_at", [("time", 1)])])
def test_a_time_is_called_a_time(smell: Smell, name: str, found: list[tuple[str, int]]) -> None:
    assert smell(PROTO, f"  google.protobuf.Timestamp {name} = 1;\n") == found


def test_an_rpc_says_who_may_call_it(smell: Smell) -> None:
    rpc = "  rpc GetPrice(GetPriceRequest) returns (GetPriceResponse);\n"
    assert smell(PROTO, f"  // Returns the price.\n{rpc}") == [("no caller", 2)]
    assert (
        smell(PROTO, f"  // Returns the price.\n  //\n  // Caller: a credential with scope prices.read.\n{rpc}") == []
    )


def test_one_rpc_does_not_borrow_the_comment_of_another(smell: Smell) -> None:
    rpc = "  rpc GetPrice(GetPriceRequest) returns (GetPriceResponse);\n"
    assert smell(PROTO, f"  // Caller: an agent.\n{rpc}{rpc}") == [("no caller", 3)]
