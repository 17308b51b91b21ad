"""How far a large upload is, on a terminal."""

import sys
import time
import typing as t
from collections.abc import Callable

import click

_MEGA = 1_000_000
# Seconds between two lines, so that a fast upload does not only draw.
_PAUSE = 0.1


class ProgressLine:
    """
    One line that is written again and again: bytes, their share, rate and time left.

    Args:
        stream: Where it is written; nothing is if that is no terminal.
        clock: Says the time in seconds.
    """

    def __init__(self, stream: t.TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._name = ""
        self._begun = 0.0
        self._drawn = -_PAUSE

    def __call__(self, name: str, sent: int, size: int) -> None:
        """
        Hear of progress.

        Args:
            name: The file.
            sent: Bytes that were sent of it, 0 at the beginning.
            size: Bytes that it has.
        """
        if not self._stream.isatty():
            return
        now = self._clock()
        if name != self._name:
            self._name, self._begun, self._drawn = name, now, now - _PAUSE
        if sent < size and now - self._drawn < _PAUSE:
            return
        self._drawn = now
        end = "\n" if sent >= size else ""
        click.echo(f"\r\x1b[K{line(name, sent, size, now - self._begun)}", self._stream, nl=False)
        click.echo(end, self._stream, nl=False)
        if end:
            self._name = ""


def progress_on_terminal() -> ProgressLine | None:
    """Show progress on the standard error if that is a terminal."""
    return ProgressLine(sys.stderr) if sys.stderr.isatty() else None


def line(name: str, sent: int, size: int, seconds: float) -> str:
    """
    Write how far an upload is.

    Args:
        name: The file.
        sent: Bytes that were sent of it.
        size: Bytes that it has.
        seconds: How long that took.
    """
    share = 100 * sent // size if size else 100
    done = f"{name}  {sent / _MEGA:.1f} of {size / _MEGA:.1f} MB  {share}%"
    if not sent or seconds <= 0:
        return done
    rate = sent / seconds
    left = f"took {_time(seconds)}" if sent >= size else f"{_time((size - sent) / rate)} left"
    return f"{done}  {rate / _MEGA:.1f} MB/s  {left}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
