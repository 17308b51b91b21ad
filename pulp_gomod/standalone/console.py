"""What the server says on the terminal: news on stderr, what a person or script waits for on stdout."""

import contextlib
import sys
from typing import TextIO


def say(text: str) -> None:
    """Report what is going on."""
    _write(sys.stderr, f"pulp-gomod: {text}")


def show(text: str = "") -> None:
    """Print a result."""
    _write(sys.stdout, text)


def _write(stream: TextIO, line: str) -> None:
    # The server outlives the terminal or pipe that it was started from.
    with contextlib.suppress(OSError, ValueError):
        print(line, file=stream, flush=True)
