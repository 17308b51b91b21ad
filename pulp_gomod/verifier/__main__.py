"""The process that checks one zip: the question comes in by its input, the finding goes out."""

import os
import pickle
import sys

from pulp_gomod.apart import limits
from pulp_gomod.verifier.transfer import send

# Half of the processor that others get where there is not enough for all.
_NICENESS = 3
_MEMORY = 2 << 30
TOO_MUCH_MEMORY = f"it takes more than {_MEMORY >> 30} GiB of memory to check"


def main() -> None:
    """Check the zip that is open as the file descriptor in the first argument."""
    descriptor, seconds = map(int, sys.argv[1:])
    check = pickle.load(sys.stdin.buffer)
    limits.end_with(sys.stdin.buffer)
    limits.limit(seconds, _MEMORY, _NICENESS)
    with open(descriptor, "rb", buffering=0) as file:
        try:
            finding = check(file)
        except MemoryError:
            finding = check.refuse(TOO_MUCH_MEMORY)
    send(finding, sys.stdout.buffer)
    # Whoever asked is waiting for the end, and freeing it all one by one takes a while.
    os._exit(0)


if __name__ == "__main__":
    main()
