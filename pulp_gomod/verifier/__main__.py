"""The process that checks one zip: the question comes in by its input, the finding goes out."""

import contextlib
import os
import pickle
import resource
import sys
import threading
from typing import BinaryIO

from pulp_gomod.verifier.transfer import send

# Half of the processor that others get where there is not enough for all.
_NICENESS = 3
_MEMORY = 2 << 30
TOO_MUCH_MEMORY = f"it takes more than {_MEMORY >> 30} GiB of memory to check"


def main() -> None:
    """Check the zip that is open as the file descriptor in the first argument."""
    descriptor, seconds = map(int, sys.argv[1:])
    check = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    _limit(seconds)
    with open(descriptor, "rb", buffering=0) as file:
        try:
            finding = check(file)
        except MemoryError:
            finding = check.refuse(TOO_MUCH_MEMORY)
    send(finding, sys.stdout.buffer)
    # Whoever asked is waiting for the end, and freeing it all one by one takes a while.
    os._exit(0)


def _end_with(pipe: BinaryIO) -> None:
    """End when whoever asked has ended, who holds the other end of the pipe."""
    pipe.read()
    os._exit(1)


def _limit(seconds: int) -> None:
    os.nice(_NICENESS)
    # Not every system knows all of them.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main()
