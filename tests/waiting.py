"""Waiting for what comes in its own time."""

import time
from collections.abc import Callable

# Seconds in which it has come, on a busy machine too.
SOON = 20.0


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, and fail if it never is."""
    end = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)
