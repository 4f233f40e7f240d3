"""The doors' settings: what cannot work is named before the doors open."""

from __future__ import annotations

from edge_agent.channel import LARGEST_MESSAGE
from edge_agent.intake.settings import LARGEST_BODY, RestSettings


def test_what_a_till_may_send_always_fits_into_one_message_to_the_core() -> None:
    assert 2 * LARGEST_BODY <= LARGEST_MESSAGE
    assert [key for key, _ in RestSettings(max_body_bytes=LARGEST_BODY + 1).faults()] == ["max_body_bytes"]
    assert not list(RestSettings(max_body_bytes=LARGEST_BODY).faults())
