"""
Noticing work that holds the event loop, while all clients of the process wait.

Off unless GOMOD_LOOP_WATCH says otherwise: for tests, and for whoever looks for the reason of slow answers. What is
measured is the processor time of the loop's own thread, so that a machine which is busy with something else
does not count.
"""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

log = logging.getLogger(__name__)

# Seconds between looks by the loop itself.
INTERVAL = 0.005
# Calls that are told of where the loop was.
_CALLS = 12


class LoopWatch:
    """
    Logs a warning for each turn of the loop that takes too much processor time.

    Args:
        most: Seconds of processor time that a turn may take.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        self._last = time.thread_time()
        self._where = ""
        self._ended = threading.Event()
        self._timer = self._loop.call_later(INTERVAL, self._look)
        threading.Thread(target=self._watch, name="gomod-loop-watch", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._timer.cancel()

    def _look(self) -> None:
        now = time.thread_time()
        held, where = now - self._last, self._where
        self._last, self._where = now, ""
        if held > self._most:
            log.warning("The event loop was held for %.0f ms:\n%s", held * 1000, where)
        self._timer = self._loop.call_later(INTERVAL, self._look)

    def _watch(self) -> None:
        """Note where the loop is when it takes long; by then it is too late to ask the loop."""
        while not self._ended.wait(self._most / 4):
            held = time.clock_gettime(self._clock) - self._last
            frame = sys._current_frames().get(self._thread)
            if held > self._most / 2 and not self._where and frame is not None:
                self._where = "".join(traceback.format_stack(frame, _CALLS))


@contextmanager
def watched() -> Iterator[None]:
    """Watch the loop of this process, if GOMOD_LOOP_WATCH says so."""
    watch = LoopWatch(settings.GOMOD_LOOP_WATCH) if settings.GOMOD_LOOP_WATCH else None
    try:
        yield
    finally:
        if watch is not None:
            watch.close()
