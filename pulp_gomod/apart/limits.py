"""What a process that reads one file does first: end with whoever asked, and take no more than it may."""

import os
import resource
import threading
from contextlib import suppress
from typing import BinaryIO


def end_with(pipe: BinaryIO) -> None:
    """
    End this process as soon as whoever asked has ended.

    Args:
        pipe: Its input, of which the question was read. Who asked holds the other end.
    """
    threading.Thread(target=_await_end, args=(pipe,), daemon=True).start()


def _await_end(pipe: BinaryIO) -> None:
    pipe.read()
    os._exit(1)


def limit(seconds: int, memory: int, niceness: int) -> None:
    """
    Bound what this process takes from now on, as far as the system can.

    Args:
        seconds: Of a processor's time.
        memory: Bytes of address space.
        niceness: How far others go first.
    """
    os.nice(niceness)
    bounds = (
        (resource.RLIMIT_CORE, (0, 0)),
        (resource.RLIMIT_CPU, (seconds, seconds + 1)),
        (resource.RLIMIT_AS, (memory, memory)),
    )
    for kind, values in bounds:
        # Not every system knows all of them.
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, values)
