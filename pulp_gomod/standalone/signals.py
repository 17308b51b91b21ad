"""Waiting for signals: the wish to stop, and the end of a child."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """
    Takes the signals while it is entered.

    Attributes:
        stops: How often a signal has asked the server to stop.
    """

    def __init__(self) -> None:
        self.stops = 0

    def __enter__(self) -> Self:
        self._pipe, self._wake = os.pipe()
        os.set_blocking(self._pipe, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._before = {each: signal.signal(each, self._stop) for each in _STOPPING}
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        signal.set_wakeup_fd(-1)
        os.close(self._pipe)
        os.close(self._wake)

    def wait(self, seconds: float) -> None:
        """Wait for the next signal, at most so long."""
        readable, _, _ = select.select([self._pipe], [], [], max(0.0, seconds))
        if readable:
            os.read(self._pipe, 4096)

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.stops += 1
