"""
How many zips are checked at the same time, by all processes of a machine together.

A place is a locked file: it is free again when whoever has it ends, however that comes about.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAUSE = 0.05
"""Seconds after which to look again."""


class NoPlace(Exception):
    """All places are taken."""


class Places:
    """
    The places of one kind.

    Args:
        directory: Where their files are; every process of the machine has to see the same.
        kind: What they are for, a part of the files' names.
        count: How many there are.
    """

    def __init__(self, directory: str | Path, kind: str, count: int) -> None:
        self._files = [Path(directory, f"gomod-{kind}-{number}.lock") for number in range(count)]

    def try_take(self) -> int | None:
        """Return the file descriptor that holds a place until it is closed; None if none is free."""
        for path in self._files:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        return None

    @contextmanager
    def take(self, patience: float) -> Iterator[None]:
        """
        Have a place while the context lasts; this thread waits for it.

        Args:
            patience: Seconds to wait at most.

        Raises:
            NoPlace: None became free.
        """
        end = time.monotonic() + patience
        while (descriptor := self.try_take()) is None:
            if time.monotonic() >= end:
                raise NoPlace
            time.sleep(PAUSE)
        try:
            yield
        finally:
            os.close(descriptor)
