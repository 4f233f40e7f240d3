"""A refusal that nobody awaits is found."""

from __future__ import annotations

from tests.checks.smells.conftest import Smell

ROOM = "core_service/grpc_api/choke_point.py"
START = '"""Calls in, answers or refusals out."""\nasync def handle(context):\n'


def test_an_abort_without_await_refuses_nothing(smell: Smell) -> None:
    assert smell(ROOM, f"{START}    context.abort(code, sentence)\n") == [("not refused", 3)]


def test_an_abort_that_is_awaited_refuses(smell: Smell) -> None:
    assert smell(ROOM, f"{START}    await context.abort_with_status(status)\n") == []
