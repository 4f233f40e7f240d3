"""Virtual time moves only when told; columns of milliseconds lose nothing above a millisecond."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.seams.clock import SystemClock, VirtualClock, from_millis, to_millis


async def test_sleepers_wake_in_order_of_their_due_time() -> None:
    clock, woken = VirtualClock(), list[str]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [asyncio.create_task(sleeper(*each)) for each in (("late", 3.0), ("early", 1.0), ("early too", 1.0))]
    await asyncio.sleep(0)
    clock.advance(0.5)
    await asyncio.sleep(0)
    assert woken == []
    clock.advance(3.0)
    await asyncio.gather(*tasks)
    assert woken == ["early", "early too", "late"]


async def test_a_cancelled_sleeper_does_not_disturb_the_others() -> None:
    clock = VirtualClock()
    gone, stays = asyncio.create_task(clock.sleep(1.0)), asyncio.create_task(clock.sleep(1.0))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    clock.advance(1.0)
    await stays
    assert gone.cancelled()


async def test_sleeping_for_nothing_lets_others_run_and_ends() -> None:
    await VirtualClock().sleep(0)


def test_a_wrong_clock_jumps_without_moving_monotonic_time() -> None:
    clock = VirtualClock()
    before = clock.now()
    clock.advance(10)
    clock.jump(-3600)
    assert clock.monotonic() == 10
    assert clock.now() == before + timedelta(seconds=10 - 3600)


def test_the_system_clock_is_utc_and_goes_forward() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_milliseconds_come_back_cut_to_the_millisecond(moment: datetime) -> None:
    found = from_millis(to_millis(moment))
    assert timedelta(0) <= moment - found < timedelta(milliseconds=1)
    assert to_millis(found) == to_millis(moment)
