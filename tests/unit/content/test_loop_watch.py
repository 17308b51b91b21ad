"""What holds the event loop is noticed, and where it was."""

import asyncio
import time

import pytest

from pulp_gomod.app.content.loop_watch import INTERVAL, LoopWatch

MOST = 0.05


def _compute_for(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def _watched(*seconds: float, sleep: float = 0.0) -> None:
    watch = LoopWatch(MOST)
    try:
        for each in seconds:
            _compute_for(each)
            # The watch looks in between.
            await asyncio.sleep(3 * INTERVAL)
        time.sleep(sleep)
        await asyncio.sleep(3 * INTERVAL)
    finally:
        watch.close()


def test_a_long_computation_is_told_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    # Several: on a busy machine, a thread that looks where the loop is may have to wait while one of them lasts.
    asyncio.run(_watched(*[4 * MOST] * 5))
    assert "The event loop was held for" in caplog.text
    assert "_compute_for" in caplog.text


def test_short_ones_and_waiting_are_not(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(_watched(*[MOST / 5] * 10, sleep=3 * MOST))
    assert caplog.text == ""
