"""Turns to open a stream: few at a time, everybody in the end."""

from __future__ import annotations

from adapters.errors import Transient
from adapters.seams.randomness import SeededRandomness
from core_service.intake.admission import OpeningTurns


async def test_fault_073_five_thousand_agents_are_spread_and_all_get_in() -> None:
    """Each comes again when it was told to; in so many seconds no more than a few at a time, and everybody in a minute or two."""
    turns = OpeningTurns(SeededRandomness(2), at_once=10)
    due = [0.0] * 5000
    moment, rounds = 0.0, 0
    while due:
        now = [at for at in due if at <= moment]
        due = [at for at in due if at > moment]
        inside = [turns.turn() for _ in now]
        entered = []
        for turn in inside:
            try:
                await turn.__aenter__()
            except Transient as error:
                due.append(moment + (error.retry_after or 0.0))
            else:
                entered.append(turn)
        assert len(entered) <= 10
        for turn in entered:
            await turn.__aexit__(None, None, None)
        moment += 0.05
        rounds += 1
        assert moment < 300
    assert rounds >= 500
